// The accelerator: stages, each of which runs some layers of a window in turn on one LIAF engine, between frame builder
// and readout. The generated top sets its parameters, those of the stages with the first one's in the lowest bits.
// Contract: python/razorsnn/targets/reference.py (results and cycles), docs/interface.md.
//   order      windows one after another; scores class 0 first
//   latency    `output_cycles` of the reference, exact
//   handshake  s_axis is ready unless two windows are held (where Streaming, two frames), of which one is computed by the
//              first stage; the output may
//              stall; abort and reset empty the input memories
module rsnn_accelerator #(
  parameter int unsigned Stages = 1,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned Frames = 4,
  parameter int unsigned Channels = 2,
  parameter int unsigned Height = 7,
  parameter int unsigned Width = 6,
  parameter int unsigned SensorHeight = 7,
  parameter int unsigned SensorWidth = 6,
  parameter int unsigned BinYMul = 1,
  parameter int unsigned BinYShift = 0,
  parameter int unsigned BinXMul = 1,
  parameter int unsigned BinXShift = 0,
  parameter int unsigned TileYMul = 1,
  parameter int unsigned TileYShift = 0,
  parameter int unsigned TileXMul = 1,
  parameter int unsigned TileXShift = 0,
  parameter int unsigned Classes = 3,
  parameter int unsigned Layers = 2,
  parameter int unsigned Gates = 1,
  parameter int unsigned Embeddings = 2,
  parameter int unsigned InputLanes = 2,
  parameter int unsigned InputBits = 4,
  parameter int unsigned ActivationBits = 4,
  parameter int unsigned ScoreBits = 24,
  parameter int unsigned LoadBits = 512,
  parameter int unsigned ClassIdentity = 1,
  parameter logic [Stages-1:0][31:0] Rows = {Stages{32'd2}},
  parameter logic [Stages-1:0][31:0] LayersBefore = {Stages{32'd0}},
  parameter logic [Stages-1:0][31:0] GatesBefore = {Stages{32'd0}},
  parameter logic [Stages-1:0][31:0] Gated = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] Fixed = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] Tallied = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] Relative = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] SumsBits = {Stages{32'd16}},
  parameter logic [Stages-1:0][31:0] FrameSumBits = {Stages{32'd16}},
  parameter logic [Stages-1:0][31:0] LogitSumBits = {Stages{32'd40}},
  parameter logic [Stages-1:0][31:0] WeightBits = {Stages{32'd8}},
  parameter logic [Stages-1:0][31:0] LowerBits = {Stages{32'd8}},
  parameter logic [Stages-1:0][31:0] MembraneBits = {Stages{32'd20}},
  parameter logic [Stages-1:0][31:0] WeightDepth = {Stages{32'd64}},
  parameter logic [Stages-1:0][31:0] UpperDepth = {Stages{32'd0}},
  parameter logic [Stages-1:0][31:0] BiasDepth = {Stages{32'd4}},
  parameter logic [Stages-1:0][31:0] MembraneDepth = {Stages{32'd42}},
  parameter logic [Stages-1:0][31:0] EvenDepth = {Stages{32'd168}},
  parameter logic [Stages-1:0][31:0] OddDepth = {Stages{32'd168}},
  parameter logic [Stages-1:0][31:0] SumsEven = {Stages{32'd42}},
  parameter logic [Stages-1:0][31:0] SumsOdd = {Stages{32'd0}},
  parameter logic [Stages-1:0][31:0] GateRows = {Stages{32'd4}},
  parameter logic [Stages-1:0][31:0] OffsetDepth = {Stages{32'd2}},
  parameter logic [Stages-1:0][31:0] SinkDepth = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] Alpha = '1,
  parameter logic [Stages-1:0][31:0] Reset = '1,
  parameter logic [Stages-1:0][31:0] Spike = '1,
  parameter logic [Stages-1:0][31:0] TiesEven = '1,
  parameter logic [Stages-1:0][31:0] OutMax = '1,
  parameter logic [Stages-1:0][31:0] GatedSource = {Stages{32'd0}},
  parameter bit Streaming = 1'b0,
  parameter bit Images = 1'b0,
  parameter bit AutoStart = 1'b1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        s_axis_tvalid_i,
  output logic        s_axis_tready_o,
  input  logic [31:0] s_axis_tdata_i,
  input  logic        s_axis_tlast_i,
  output logic        m_axis_tvalid_o,
  input  logic        m_axis_tready_i,
  output logic [31:0] m_axis_tdata_o,
  output logic        m_axis_tlast_o,
  input  logic        s_axil_awvalid_i,
  output logic        s_axil_awready_o,
  input  logic [11:0] s_axil_awaddr_i,
  input  logic        s_axil_wvalid_i,
  output logic        s_axil_wready_o,
  input  logic [31:0] s_axil_wdata_i,
  output logic        s_axil_bvalid_o,
  input  logic        s_axil_bready_i,
  input  logic        s_axil_arvalid_i,
  output logic        s_axil_arready_o,
  input  logic [11:0] s_axil_araddr_i,
  output logic        s_axil_rvalid_o,
  input  logic        s_axil_rready_i,
  output logic [31:0] s_axil_rdata_o,
  output logic        irq_o
);
  localparam int unsigned Slots = Lanes * Taps;
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1;
  localparam int unsigned Across = Side * Lanes / InputLanes;
  localparam int unsigned InputTiles = ((Height + Side - 1) / Side) * ((Width + Across - 1) / Across);
  localparam int unsigned InputDepth = (Streaming ? 1 : Frames) * InputTiles * ((Channels + InputLanes - 1) / InputLanes);
  localparam int unsigned InputAddrWidth = (InputDepth > 1) ? $clog2(InputDepth) : 1;
  localparam int unsigned LayerWidth = (Layers > 1) ? $clog2(Layers) : 1;
  localparam int unsigned Last = Stages - 1;
  localparam int unsigned AddrWidth = 24;

  typedef logic [Slots-1:0][ActivationBits-1:0] stored_t;
  typedef logic [Gates-1:0][Frames-1:0] keep_t;

  logic run, abort, active_nq, whole, busy, clearing, dropped, unended;
  always_ff @(posedge clk_i) active_nq <= rst_ni && !abort;

  // ---- What the stages tell: a bit or a field of each.
  logic [Stages-1:0] begun, held, room, running, free, emit, emit_done, kept, pruned;
  logic [Stages-1:0][2:0] events, multiplies;
  logic [Stages-1:0][11:0] saturated;
  logic [Stages-1:0][LayerWidth-1:0] layer;
  keep_t keep_all_q;

  // ---- Contents of the memories. No beat is taken in the cycle in which a load begins, because that needs !busy.
  logic load_write, loading, refused;
  rsnn_pkg::load_register_e load_register;
  logic [31:0] load_value;
  logic [Stages-1:0][rsnn_pkg::Memories-1:0] load;
  logic [23:0] load_addr;
  logic [LoadBits-1:0] load_data;

  rsnn_loader #(
    .Stages(Stages), .Slots(Slots), .Rows(Rows), .Frames(Frames), .Gated(Gated), .Fixed(Fixed), .Embeddings(Embeddings),
    .WeightBits(WeightBits), .LowerBits(LowerBits), .MembraneBits(MembraneBits), .WeightDepth(WeightDepth),
    .UpperDepth(UpperDepth), .BiasDepth(BiasDepth), .GateRows(GateRows), .OffsetDepth(OffsetDepth), .LoadBits(LoadBits),
    .ClassIdentity(ClassIdentity)
  ) u_loader (
    .clk_i, .rst_ni, .busy_i(busy), .write_i(load_write), .register_i(load_register), .value_i(load_value),
    .loading_o(loading), .whole_o(whole), .refused_o(refused), .load_o(load), .addr_o(load_addr), .data_o(load_data)
  );

  // ---- Registers.
  rsnn_registers #(
    .Stages(Stages), .Lanes(Lanes), .Taps(Taps), .Inputs(Inputs), .Frames(Frames), .Classes(Classes), .Layers(Layers),
    .Gates(Gates), .Embeddings(Embeddings), .ClassIdentity(ClassIdentity), .AutoStart(AutoStart)
  ) u_registers (
    .clk_i, .rst_ni,
    .awvalid_i(s_axil_awvalid_i), .awready_o(s_axil_awready_o), .awaddr_i(s_axil_awaddr_i),
    .wvalid_i(s_axil_wvalid_i), .wready_o(s_axil_wready_o), .wdata_i(s_axil_wdata_i),
    .bvalid_o(s_axil_bvalid_o), .bready_i(s_axil_bready_i),
    .arvalid_i(s_axil_arvalid_i), .arready_o(s_axil_arready_o), .araddr_i(s_axil_araddr_i),
    .rvalid_o(s_axil_rvalid_o), .rready_i(s_axil_rready_i), .rdata_o(s_axil_rdata_o),
    .run_o(run), .abort_o(abort), .irq_o, .load_write_o(load_write), .load_register_o(load_register),
    .load_value_o(load_value), .loading_i(loading), .whole_i(whole), .refused_i(refused), .busy_i(busy),
    .clearing_i(clearing), .window_done_i(emit_done[Last]), .unended_i(unended), .events_i(events),
    .multiplies_i(multiplies), .dropped_i(dropped), .saturated_i(saturated),
    .kept_i(kept), .pruned_i(pruned), .layer_i(layer), .keep_i(keep_all_q)
  );

  // ---- Input memories.
  logic input_busy;
  logic [Slots-1:0][InputBits-1:0] input_data;
  logic [Stages-1:0] source_re, sink_we;
  logic [Stages-1:0][AddrWidth-1:0] source_addr, sink_addr;
  stored_t [Stages-1:0] sink_data, sink_old;
  keep_t [Stages-1:0] keep;

  rsnn_frame_builder #(
    .Frames(Frames), .Channels(Channels), .Height(Height), .Width(Width), .SensorHeight(SensorHeight),
    .SensorWidth(SensorWidth), .BinYMul(BinYMul), .BinYShift(BinYShift), .BinXMul(BinXMul), .BinXShift(BinXShift),
    .TileYMul(TileYMul), .TileYShift(TileYShift), .TileXMul(TileXMul), .TileXShift(TileXShift),
    .Lanes(Lanes), .Taps(Taps), .InputLanes(InputLanes), .InputBits(InputBits), .Streaming(Streaming)
  ) u_frame_builder (
    .clk_i, .rst_ni(active_nq), .run_i(run && whole), .release_i(free[0]),
    .s_valid_i(s_axis_tvalid_i), .s_ready_o(s_axis_tready_o), .s_data_i(s_axis_tdata_i), .s_last_i(s_axis_tlast_i),
    .clearing_o(clearing), .begun_o(begun[0]), .waiting_o(held[0]), .busy_o(input_busy),
    .dropped_o(dropped), .unended_o(unended),
    .read_i(source_re[0]), .read_addr_i(InputAddrWidth'(source_addr[0])),
    .read_data_o(input_data)
  );

  // Of a window that streams the input has nothing left while its last layers run.
  assign busy = input_busy || begun != '0 || (Streaming && running != '0);

  // ---- Stages. The images of a stage are told by its number, where there are several.
  for (genvar s = 0; s < int'(Stages); s++) begin : gen_stage
    localparam int unsigned SourceBits = (s == 0) ? InputBits : ActivationBits;
    localparam int unsigned SourceDepth = (s == 0) ? InputDepth : SinkDepth[(s == 0) ? 0 : s-1];
    localparam int unsigned SourceAddrWidth = (SourceDepth > 1) ? $clog2(SourceDepth) : 1;
    localparam int unsigned SinkAddrWidth = (SinkDepth[s] > 1) ? $clog2(SinkDepth[s]) : 1;
    localparam int unsigned MembraneAddrWidth = (MembraneDepth[s] > 1) ? $clog2(MembraneDepth[s]) : 1;
    localparam int unsigned RowWidth = (Rows[s] > 1) ? $clog2(Rows[s]) : 1;
    localparam string Prefix = (Stages == 1) ? "" : {"0" + 8'(s), "."};

    logic [Slots-1:0][SourceBits-1:0] data;
    keep_t keep_before;
    logic [SourceAddrWidth-1:0] read_addr;
    logic [SinkAddrWidth-1:0] put_addr;
    logic [RowWidth-1:0] row;
    logic add, add_first, add_signed;
    logic [MembraneAddrWidth-1:0] add_addr;
    logic signed [Slots-1:0][MembraneBits[s]-1:0] add_u;

    if (s == 0) begin : gen_input
      assign data = input_data;
      assign keep_before = '0;
    end else begin : gen_link
      rsnn_link #(.Width($bits(stored_t)), .Depth(SourceDepth), .Frames(Frames), .Gates(Gates)) u_link (
        .clk_i, .rst_ni(active_nq), .room_o(room[s-1]), .running_i(running[s-1]), .put_we_i(sink_we[s-1]),
        .put_addr_i(SourceAddrWidth'(sink_addr[s-1])), .put_data_i(sink_data[s-1]), .put_data_o(sink_old[s-1]),
        .commit_i(emit[s-1]), .keep_i(keep[s-1]), .commit_done_o(emit_done[s-1]), .begun_o(begun[s]), .held_o(held[s]),
        .release_i(emit_done[s]), .read_re_i(source_re[s]), .read_addr_i(read_addr),
        .read_data_o(data), .keep_o(keep_before)
      );
    end

    rsnn_stage #(
      .Lanes(Lanes), .Taps(Taps), .Inputs(Inputs), .Frames(Frames), .Rows(Rows[s]), .HandsOn(s < int'(Last)),
      .GatedSource(GatedSource[s][0]), .Gated(Gated[s][0]), .Fixed(Fixed[s][0]), .Tallied(Tallied[s][0]),
      .Relative(Relative[s][0]), .Gates(Gates), .GatesBefore(GatesBefore[s]), .Embeddings(Embeddings),
      .SourceBits(SourceBits), .SourceDepth(SourceDepth), .SinkDepth(SinkDepth[s]), .ActivationBits(ActivationBits),
      .WeightBits(WeightBits[s]), .LowerBits(LowerBits[s]), .MembraneBits(MembraneBits[s]), .SumsBits(SumsBits[s]),
      .FrameSumBits(FrameSumBits[s]), .LogitSumBits(LogitSumBits[s]), .WeightDepth(WeightDepth[s]),
      .UpperDepth(UpperDepth[s]), .BiasDepth(BiasDepth[s]), .MembraneDepth(MembraneDepth[s]), .EvenDepth(EvenDepth[s]),
      .OddDepth(OddDepth[s]), .SumsEven(SumsEven[s]), .SumsOdd(SumsOdd[s]), .GateRows(GateRows[s]),
      .OffsetDepth(OffsetDepth[s]), .LoadBits(LoadBits), .Alpha(int'(Alpha[s])), .Reset(int'(Reset[s])),
      .Spike(int'(Spike[s])), .TiesEven(int'(TiesEven[s])), .OutMax(int'(OutMax[s])), .Prefix(Prefix), .Streaming(Streaming),
      .Images(Images)
    ) u_stage (
      .clk_i, .rst_ni(active_nq), .begun_i(begun[s]), .held_i(held[s]), .room_i(room[s]), .running_o(running[s]),
      .free_o(free[s]), .emit_o(emit[s]), .emit_done_i(emit_done[s]), .source_re_o(source_re[s]), .source_addr_o(read_addr),
      .source_data_i(data), .keep_i(keep_before), .sink_we_o(sink_we[s]),
      .sink_addr_o(put_addr), .sink_data_o(sink_data[s]), .sink_data_i(sink_old[s]), .keep_o(keep[s]), .add_o(add),
      .add_first_o(add_first), .add_signed_o(add_signed), .add_addr_o(add_addr), .add_u_o(add_u), .events_o(events[s]),
      .multiplies_o(multiplies[s]), .saturated_o(saturated[s]), .kept_o(kept[s]), .pruned_o(pruned[s]), .row_o(row),
      .load_i(load[s]), .load_addr_i(load_addr), .load_data_i(load_data)
    );
    assign source_addr[s] = AddrWidth'(read_addr);
    assign sink_addr[s] = AddrWidth'(put_addr);
    assign layer[s] = LayerWidth'(row) + LayerWidth'(LayersBefore[s]);

    if (s == int'(Last)) begin : gen_readout
      rsnn_readout #(
        .Slots(Slots), .Classes(Classes), .MembraneBits(MembraneBits[s]), .ScoreBits(ScoreBits),
        .MembraneAddrWidth(MembraneAddrWidth)
      ) u_readout (
        .clk_i, .rst_ni(active_nq), .add_i(add), .first_i(add_first), .signed_sum_i(add_signed), .addr_i(add_addr),
        .u_i(add_u), .emit_i(emit[s]), .done_o(emit_done[s]), .m_valid_o(m_axis_tvalid_o), .m_ready_i(m_axis_tready_i),
        .m_data_o(m_axis_tdata_o), .m_last_o(m_axis_tlast_o)
      );
      assign room[s] = 1'b1;
      assign sink_old[s] = '0;
    end else begin : gen_no_readout
      logic unused_add;
      assign unused_add = ^{add, add_first, add_signed, add_addr, add_u};
    end
  end

  // The keep bits of the last whole window.
  always_ff @(posedge clk_i) begin
    if (!active_nq) keep_all_q <= '0;
    else if (emit_done[Last]) keep_all_q <= keep[Last];
  end

  logic unused;
  assign unused = ^{source_addr, sink_addr, sink_we, sink_data, running, free, held, room, source_re};
endmodule
