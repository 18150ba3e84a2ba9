// The accelerator: one LIAF engine that runs all layers of a window in turn. The generated top sets its parameters.
// Contract: python/razorsnn/targets/reference.py (results and cycles), docs/architecture.md (interfaces).
//   order      windows one after another; scores class 0 first
//   latency    `output_cycles` of the reference, exact
//   handshake  s_axis is ready unless two windows are held, of which one is computed; the output may stall; abort and
//              reset empty the input memories
module rsnn_accelerator #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
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
  parameter bit Gated = 1'b1,
  parameter bit Fixed = 1'b1,
  parameter bit Tallied = 1'b1,
  parameter bit Relative = 1'b1,
  parameter int unsigned Gates = 1,
  parameter int unsigned Embeddings = 2,
  parameter int unsigned InputLanes = 2,
  parameter int unsigned InputBits = 4,
  parameter int unsigned ActivationBits = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned LowerBits = 8,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned FrameSumBits = 16,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned ScoreBits = 24,
  parameter int unsigned WeightDepth = 64,
  parameter int unsigned UpperDepth = 0,
  parameter int unsigned BiasDepth = 4,
  parameter int unsigned MembraneDepth = 42,
  parameter int unsigned EvenDepth = 168,
  parameter int unsigned OddDepth = 168,
  parameter int unsigned SumsEven = 42,
  parameter int unsigned SumsOdd = 0,
  parameter int unsigned GateRows = 4,
  parameter int unsigned OffsetDepth = 2,
  parameter int unsigned LoadBits = 512,
  parameter int unsigned ClassIdentity = 1,
  parameter int Alpha = -1,
  parameter int Reset = -1,
  parameter int Spike = -1,
  parameter int TiesEven = -1,
  parameter int OutMax = -1,
  parameter string TableFile = "",
  parameter string WeightFile = "",
  parameter string UpperFile = "",
  parameter string BiasFile = "",
  parameter string EmbeddingFile = "",
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  parameter string SigmoidFile = "",
  parameter string KeepFile = "",
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
  localparam int unsigned InputDepth = Frames * InputTiles * ((Channels + InputLanes - 1) / InputLanes);
  localparam int unsigned StoreDepth = (EvenDepth > OddDepth) ? EvenDepth : OddDepth;
  localparam int unsigned ReadDepth = (InputDepth > StoreDepth) ? InputDepth : StoreDepth;
  localparam int unsigned AddrWidth = $clog2(ReadDepth + 1);
  localparam int unsigned ActBits = (InputBits > ActivationBits) ? InputBits : ActivationBits;
  localparam int unsigned LayerWidth = (Layers > 1) ? $clog2(Layers) : 1;
  localparam int unsigned WeightAddrWidth = (WeightDepth > 1) ? $clog2(WeightDepth) : 1;
  localparam int unsigned MembraneAddrWidth = (MembraneDepth > 1) ? $clog2(MembraneDepth) : 1;
  localparam int unsigned InputAddrWidth = (InputDepth > 1) ? $clog2(InputDepth) : 1;
  localparam int unsigned EvenAddrWidth = (EvenDepth > 1) ? $clog2(EvenDepth) : 1;
  localparam int unsigned OddAddrWidth = (OddDepth > 1) ? $clog2(OddDepth) : 1;

  typedef logic [Slots-1:0][ActBits-1:0] word_t;
  typedef logic [Slots-1:0][ActivationBits-1:0] stored_t;

  function automatic stored_t stored(word_t word);
    for (int unsigned i = 0; i < Slots; i++) stored[i] = ActivationBits'(word[i]);
  endfunction

  function automatic word_t loaded(stored_t word);
    for (int unsigned i = 0; i < Slots; i++) loaded[i] = ActBits'(word[i]);
  endfunction

  logic run, abort, active_nq;
  logic clearing, begun, waiting, dropped, unended;
  logic razor_start, scan_start, scan_free, scan_done, take, turn, pass, pass_free, pass_init, pass_done, emit, emit_done;
  logic kept, pruned, first_frame, multiply;
  rsnn_pkg::layer_t layer;
  logic [LayerWidth-1:0] index;
  logic [AddrWidth-1:0] read_base, write_base;
  logic [Frames-1:0] known, keep, tally;
  logic [Gates-1:0][Frames-1:0] keep_all;

  always_ff @(posedge clk_i) active_nq <= rst_ni && !abort;

  // ---- Contents of the memories. No beat is taken in the cycle in which a load begins, because that needs !busy.
  logic busy, load_write, loading, whole, refused;
  rsnn_pkg::load_register_e load_register;
  logic [31:0] load_value;
  logic [rsnn_pkg::Memories-1:0] load;
  logic [23:0] load_addr;
  logic [LoadBits-1:0] load_data;

  rsnn_loader #(
    .Slots(Slots), .Layers(Layers), .Frames(Frames), .Gated(Gated), .Fixed(Fixed), .Embeddings(Embeddings),
    .WeightBits(WeightBits), .LowerBits(LowerBits),
    .MembraneBits(MembraneBits), .WeightDepth(WeightDepth), .UpperDepth(UpperDepth), .BiasDepth(BiasDepth), .GateRows(GateRows),
    .OffsetDepth(OffsetDepth), .LoadBits(LoadBits), .ClassIdentity(ClassIdentity)
  ) u_loader (
    .clk_i, .rst_ni, .busy_i(busy), .write_i(load_write), .register_i(load_register), .value_i(load_value),
    .loading_o(loading), .whole_o(whole), .refused_o(refused), .load_o(load), .addr_o(load_addr), .data_o(load_data)
  );

  // ---- Registers.
  logic event_valid, event_ready, engine_busy, out_begin, out_valid, out_last;
  logic [11:0] out_saturated;

  rsnn_registers #(
    .Lanes(Lanes), .Taps(Taps), .Frames(Frames), .Classes(Classes), .Layers(Layers), .Gates(Gates), .Embeddings(Embeddings),
    .ClassIdentity(ClassIdentity), .AutoStart(AutoStart)
  ) u_registers (
    .clk_i, .rst_ni,
    .awvalid_i(s_axil_awvalid_i), .awready_o(s_axil_awready_o), .awaddr_i(s_axil_awaddr_i),
    .wvalid_i(s_axil_wvalid_i), .wready_o(s_axil_wready_o), .wdata_i(s_axil_wdata_i),
    .bvalid_o(s_axil_bvalid_o), .bready_i(s_axil_bready_i),
    .arvalid_i(s_axil_arvalid_i), .arready_o(s_axil_arready_o), .araddr_i(s_axil_araddr_i),
    .rvalid_o(s_axil_rvalid_o), .rready_i(s_axil_rready_i), .rdata_o(s_axil_rdata_o),
    .run_o(run), .abort_o(abort), .irq_o, .load_write_o(load_write), .load_register_o(load_register),
    .load_value_o(load_value), .loading_i(loading), .whole_i(whole), .refused_i(refused), .busy_i(busy),
    .clearing_i(clearing), .window_done_i(emit_done), .unended_i(unended), .event_i(event_valid && event_ready),
    .multiply_i(multiply), .dropped_i(dropped), .saturated_i(out_saturated),
    .kept_i(kept), .pruned_i(pruned), .layer_i(index), .keep_i(keep_all)
  );

  // ---- Input memories.
  logic input_re, scan_re;
  logic [AddrWidth-1:0] scan_addr, razor_addr;
  logic [Slots-1:0][InputBits-1:0] input_data;
  word_t input_word, scan_data, razor_data;

  rsnn_frame_builder #(
    .Frames(Frames), .Channels(Channels), .Height(Height), .Width(Width), .SensorHeight(SensorHeight),
    .SensorWidth(SensorWidth), .BinYMul(BinYMul), .BinYShift(BinYShift), .BinXMul(BinXMul), .BinXShift(BinXShift),
    .TileYMul(TileYMul), .TileYShift(TileYShift), .TileXMul(TileXMul), .TileXShift(TileXShift),
    .Lanes(Lanes), .Taps(Taps), .InputLanes(InputLanes), .InputBits(InputBits)
  ) u_frame_builder (
    .clk_i, .rst_ni(active_nq), .run_i(run && whole), .release_i(emit_done),
    .s_valid_i(s_axis_tvalid_i), .s_ready_o(s_axis_tready_o), .s_data_i(s_axis_tdata_i), .s_last_i(s_axis_tlast_i),
    .clearing_o(clearing), .begun_o(begun), .waiting_o(waiting), .busy_o(busy), .dropped_o(dropped), .unended_o(unended),
    .read_i(input_re), .read_addr_i(InputAddrWidth'(scan_addr)),
    .read_data_o(input_data)
  );

  always_comb begin
    for (int unsigned i = 0; i < Slots; i++) input_word[i] = ActBits'(input_data[i]);
  end

  // ---- Activation stores: even layers write the even one, which odd layers and their gates read. The scanner has a
  // port of its own; on the other the engine writes the store that its layer does not read, and the razor the one it does.
  logic even, razor_write, engine_write;
  logic [AddrWidth-1:0] write_addr;
  word_t razor_write_data;
  stored_t even_scan, odd_scan, even_razor, odd_razor, write_data;
  logic [MembraneAddrWidth-1:0] out_addr;
  word_t out_y;

  // Where a pass puts its outputs: the next frame may have begun when its last ones come.
  typedef struct packed {
    logic [AddrWidth-1:0] base;
    logic first_frame;
    logic last;
    logic signed_sum;
    logic feeds;
    logic tally_peak;
    logic [rsnn_pkg::TallyBits-1:0] tally_limit;
  } put_t;

  put_t put_next_q, put_q;
  always_ff @(posedge clk_i) begin
    if (pass) begin
      put_next_q <= '{
        base: write_base, first_frame: first_frame, last: layer.last, signed_sum: layer.signed_sum, feeds: layer.feeds,
        tally_peak: layer.tally_peak, tally_limit: layer.tally_limit
      };
    end
    if (out_begin) put_q <= put_next_q;
  end

  assign even = index[0];
  assign input_re = scan_re && index == '0;
  assign scan_data = index == '0 ? input_word : loaded(even ? even_scan : odd_scan);
  assign razor_data = loaded(even ? even_razor : odd_razor);
  assign engine_write = out_valid && !put_q.last;
  assign write_addr = put_q.base + AddrWidth'(out_addr);
  assign write_data = stored(out_y);

  rsnn_store #(.Width($bits(stored_t)), .Depth(EvenDepth)) u_even (
    .clk_i, .a_re_i(scan_re && even), .a_addr_i(EvenAddrWidth'(scan_addr)),
    .a_data_o(even_scan),
    .b_we_i(even ? razor_write : engine_write),
    .b_addr_i(EvenAddrWidth'(even ? razor_addr : write_addr)), .b_data_i(even ? stored(razor_write_data) : write_data),
    .b_data_o(even_razor)
  );
  rsnn_store #(.Width($bits(stored_t)), .Depth(OddDepth)) u_odd (
    .clk_i, .a_re_i(scan_re && !even && index != '0), .a_addr_i(OddAddrWidth'(scan_addr)),
    .a_data_o(odd_scan),
    .b_we_i(even ? engine_write : razor_write),
    .b_addr_i(OddAddrWidth'(even ? write_addr : razor_addr)), .b_data_i(even ? write_data : stored(razor_write_data)),
    .b_data_o(odd_razor)
  );

  // ---- Control.
  rsnn_sequencer #(
    .Frames(Frames), .Layers(Layers), .Gates(Gates), .AddrWidth(AddrWidth), .Fixed(Fixed), .TableFile(TableFile),
    .KeepFile(KeepFile), .LoadBits(LoadBits)
  ) u_sequencer (
    .clk_i, .rst_ni(active_nq), .begun_i(begun), .held_i(waiting), .layer_o(layer), .index_o(index),
    .read_base_o(read_base), .write_base_o(write_base), .first_frame_o(first_frame),
    .razor_start_o(razor_start), .known_i(known), .keep_i(keep), .tally_i(tally), .scan_start_o(scan_start),
    .scan_free_i(scan_free),
    .take_o(take), .turn_o(turn),
    .scan_done_i(scan_done && !engine_busy), .pass_o(pass), .pass_init_o(pass_init), .pass_done_i(pass_done), .pass_free_i(pass_free),
    .pass_put_i(out_last), .emit_o(emit), .emit_done_i(emit_done), .kept_o(kept), .pruned_o(pruned),
    .keep_o(keep_all), .load_i(load), .load_addr_i(load_addr), .load_data_i(load_data)
  );

  // ---- Razor. It takes its sums from the outputs of the layer before, as they are written.
  localparam int unsigned SumsDepth = (SumsEven > SumsOdd) ? SumsEven : SumsOdd;
  localparam int unsigned SumsAddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1;

  if (Gated) begin : gen_razor
    rsnn_razor #(
      .Slots(Slots), .ActBits(ActBits), .Frames(Frames), .Embeddings(Embeddings), .AddrWidth(AddrWidth),
      .SumsBits(SumsBits), .FrameSumBits(FrameSumBits), .LogitSumBits(LogitSumBits), .SumsEven(SumsEven),
      .SumsOdd(SumsOdd), .GateRows(GateRows), .OffsetDepth(OffsetDepth), .Relative(Relative),
      .EmbeddingFile(EmbeddingFile), .AffineFile(AffineFile), .OffsetFile(OffsetFile), .ExpFile(ExpFile),
      .SigmoidFile(SigmoidFile), .LoadBits(LoadBits)
    ) u_razor (
      .clk_i, .rst_ni(active_nq), .layer_i(layer), .even_i(even),
      .feed_begin_i(pass_init && layer.feeds), .feed_i(out_valid && put_q.feeds), .feed_first_i(put_q.first_frame),
      .feed_last_i(out_last), .feed_addr_i(SumsAddrWidth'(out_addr)), .feed_data_i(out_y),
      .start_i(razor_start), .known_o(known), .keep_o(keep), .mem_addr_o(razor_addr), .mem_data_i(razor_data),
      .write_o(razor_write), .write_data_o(razor_write_data),
      .load_i(load), .load_addr_i(load_addr), .load_data_i(load_data)
    );
  end else begin : gen_no_razor
    assign razor_write = 1'b0;
    assign {known, keep} = '0;
    assign razor_addr = '0;
    assign razor_write_data = '0;
    logic unused_razor;
    assign unused_razor = ^{razor_start, razor_data};
  end

  // ---- Tally: what the frames hold, of the same outputs.
  if (Tallied) begin : gen_tally
    rsnn_tally #(.Slots(Slots), .ActBits(ActBits), .Frames(Frames)) u_tally (
      .clk_i, .rst_ni(active_nq), .peak_i(put_q.tally_peak), .limit_i(put_q.tally_limit), .odd_i(index[0]),
      .word_i(out_valid && !put_q.last), .last_i(out_last), .data_i(out_y), .keep_o(tally)
    );
  end else begin : gen_no_tally
    assign tally = '1;
  end

  // ---- Scanner and engine.
  logic event_found, event_turn;
  logic [ActBits-1:0] event_value;
  logic [WeightAddrWidth-1:0] event_weight;
  logic [11:0] event_y, event_x;
  logic signed [Slots-1:0][MembraneBits-1:0] out_u;

  assign event_valid = event_found && take && event_turn == turn;

  rsnn_scanner #(
    .Lanes(Lanes), .Taps(Taps), .ActBits(ActBits), .AddrWidth(AddrWidth), .WeightAddrWidth(WeightAddrWidth)
  ) u_scanner (
    .clk_i, .rst_ni(active_nq), .start_i(scan_start), .base_i(read_base), .words_i((AddrWidth + 1)'(layer.words_in)),
    .width_i(layer.width), .groups_i(layer.groups_in), .lanes_in_log2_i(layer.lanes_in_log2), .deep_i(layer.deep_in),
    .dense_i(layer.dense),
    .row_stride_i(WeightAddrWidth'(layer.row_stride)), .weight_base_i(WeightAddrWidth'(layer.weight_base)),
    .free_o(scan_free), .turn_i(turn), .mem_re_o(scan_re), .mem_addr_o(scan_addr),
    .mem_data_i(scan_data),
    .event_valid_o(event_found), .event_ready_i(event_ready && take && event_turn == turn), .event_turn_o(event_turn),
    .event_value_o(event_value),
    .event_weight_o(event_weight), .event_y_o(event_y), .event_x_o(event_x), .done_o(scan_done)
  );

  rsnn_engine #(
    .Lanes(Lanes), .Taps(Taps), .ActBits(ActBits), .WeightBits(WeightBits), .LowerBits(LowerBits), .MembraneBits(MembraneBits),
    .WeightDepth(WeightDepth), .UpperDepth(UpperDepth), .BiasDepth(BiasDepth), .MembraneDepth(MembraneDepth),
    .WeightFile(WeightFile), .UpperFile(UpperFile), .BiasFile(BiasFile), .LoadBits(LoadBits),
    .Alpha(Alpha), .Reset(Reset), .Spike(Spike), .TiesEven(TiesEven), .OutMax(OutMax)
  ) u_engine (
    .clk_i, .rst_ni(active_nq), .layer_i(layer), .event_valid_i(event_valid), .event_ready_o(event_ready),
    .event_value_i(event_value), .event_weight_i(event_weight), .event_y_i(event_y), .event_x_i(event_x),
    .pass_i(pass), .pass_init_i(pass_init), .busy_o(engine_busy), .done_o(pass_done), .free_o(pass_free), .multiply_o(multiply),
    .out_begin_o(out_begin), .out_valid_o(out_valid), .out_last_o(out_last), .out_addr_o(out_addr), .out_y_o(out_y),
    .out_u_o(out_u), .out_saturated_o(out_saturated), .load_i(load), .load_addr_i(load_addr), .load_data_i(load_data)
  );

  rsnn_readout #(
    .Slots(Slots), .Classes(Classes), .MembraneBits(MembraneBits), .ScoreBits(ScoreBits),
    .MembraneAddrWidth(MembraneAddrWidth)
  ) u_readout (
    .clk_i, .rst_ni(active_nq), .add_i(out_valid && put_q.last), .first_i(put_q.first_frame),
    .signed_sum_i(put_q.signed_sum), .addr_i(out_addr), .u_i(out_u), .emit_i(emit), .done_o(emit_done),
    .m_valid_o(m_axis_tvalid_o), .m_ready_i(m_axis_tready_i), .m_data_o(m_axis_tdata_o), .m_last_o(m_axis_tlast_o)
  );

  logic unused;
  assign unused = ^{layer, scan_addr, razor_addr, write_addr, put_q};
endmodule
