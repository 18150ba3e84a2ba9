// A stage: one LIAF engine with its sequencer, gates and stores, which runs some layers of a window in turn.
// Contract: python/razorsnn/targets/reference.py (results and cycles), docs/architecture.md (stages).
//   order      windows one after another: its source, the layers' stores, its sink. Where Streaming, frames in turn through
//              all layers, each in one frame's stores
//   shapes     source: the input memory or the link before it; sink: the link behind it, which the outputs of the last
//              layer go to, and in which the gate behind that layer is scored, or else the readout
//   latency    `stage_cycles` of the reference, exact
//   handshake  begun_i, held_i as of rsnn_frame_builder; a window begins where room_i is high, too; emit_o: it is in the
//              sink; emit_done_i: it is done; free_o: its source is free, where Streaming each frame of it. keep_i holds while held_i does, keep_o from emit_o
//              to the next window's turn
module rsnn_stage #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned Frames = 4,
  parameter int unsigned Rows = 2,
  parameter bit HandsOn = 1'b0,
  parameter bit GatedSource = 1'b0,
  parameter bit Gated = 1'b1,
  parameter bit Fixed = 1'b1,
  parameter bit Tallied = 1'b1,
  parameter bit Relative = 1'b1,
  parameter int unsigned Gates = 1,
  parameter int unsigned GatesBefore = 0,
  parameter int unsigned Embeddings = 2,
  parameter int unsigned SourceBits = 4,
  parameter int unsigned SourceDepth = 168,
  parameter int unsigned SinkDepth = 1,
  parameter int unsigned ActivationBits = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned LowerBits = 8,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned FrameSumBits = 16,
  parameter int unsigned LogitSumBits = 40,
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
  parameter int Alpha = -1,
  parameter int Reset = -1,
  parameter int Spike = -1,
  parameter int TiesEven = -1,
  parameter int OutMax = -1,
  parameter string Prefix = "",
  parameter bit Streaming = 1'b0,
  parameter bit Images = 1'b0,
  localparam int unsigned Slots = Lanes * Taps,
  localparam int unsigned RowWidth = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int unsigned SourceAddrWidth = (SourceDepth > 1) ? $clog2(SourceDepth) : 1,
  localparam int unsigned SinkAddrWidth = (SinkDepth > 1) ? $clog2(SinkDepth) : 1,
  localparam int unsigned MembraneAddrWidth = (MembraneDepth > 1) ? $clog2(MembraneDepth) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_ni,
  input  logic                                      begun_i,
  input  logic                                      held_i,
  input  logic                                      room_i,
  output logic                                      running_o,
  output logic                                      free_o,
  output logic                                      emit_o,
  input  logic                                      emit_done_i,
  output logic                                      source_re_o,
  output logic [SourceAddrWidth-1:0]                source_addr_o,
  input  logic [Slots-1:0][SourceBits-1:0]          source_data_i,
  input  logic [Gates-1:0][Frames-1:0]              keep_i,
  output logic                                      sink_we_o,
  output logic [SinkAddrWidth-1:0]                  sink_addr_o,
  output logic [Slots-1:0][ActivationBits-1:0]      sink_data_o,
  input  logic [Slots-1:0][ActivationBits-1:0]      sink_data_i,
  output logic [Gates-1:0][Frames-1:0]              keep_o,
  output logic                                      add_o,
  output logic                                      add_first_o,
  output logic                                      add_signed_o,
  output logic [MembraneAddrWidth-1:0]              add_addr_o,
  output logic signed [Slots-1:0][MembraneBits-1:0] add_u_o,
  output logic [2:0]                                events_o,
  output logic [2:0]                                multiplies_o,
  output logic [11:0]                               saturated_o,
  output logic                                      kept_o,
  output logic                                      pruned_o,
  output logic [RowWidth-1:0]                       row_o,
  input  logic [rsnn_pkg::Memories-1:0]             load_i,
  input  logic [23:0]                               load_addr_i,
  input  logic [LoadBits-1:0]                       load_data_i
);
  localparam int unsigned StoreDepth = (EvenDepth > OddDepth) ? EvenDepth : OddDepth;
  localparam int unsigned EndDepth = (SourceDepth > SinkDepth) ? SourceDepth : SinkDepth;
  localparam int unsigned MostDepth = (EndDepth > StoreDepth) ? EndDepth : StoreDepth;
  localparam int unsigned AddrWidth = $clog2(MostDepth + 1);
  localparam int unsigned ActBits = (SourceBits > ActivationBits) ? SourceBits : ActivationBits;
  localparam int unsigned WeightAddrWidth = (WeightDepth > 1) ? $clog2(WeightDepth) : 1;

  function automatic string image(string name);
    return Images ? {Prefix, name} : "";
  endfunction

  typedef logic [Slots-1:0][ActBits-1:0] word_t;

  logic razor_start, scan_start, scan_free, scan_done, take, turn, pass, pass_free, pass_init, pass_done, first_frame;
  rsnn_pkg::layer_t layer;
  logic [RowWidth-1:0] row;
  logic [AddrWidth-1:0] read_base, write_base;
  logic [Frames-1:0] known, keep, tally;
  logic handing, sinking;

  // The last row is no layer, but the gate behind the last one: it is scored in the sink.
  assign handing = HandsOn && row == RowWidth'(Rows - 1);
  assign sinking = HandsOn && row == RowWidth'(Rows - 2);
  assign row_o = row;

  // ---- Activations. Nothing is read or written in the cycles in which the row changes: so they are told by registers.
  logic even_q, first_q, handing_q, razor_write, engine_busy, scan_re, out_begin, out_valid, out_last;
  logic [AddrWidth-1:0] scan_addr, razor_addr;
  word_t scan_data, razor_data, razor_write_data, out_y;
  logic [MembraneAddrWidth-1:0] out_addr;

  // Where a pass puts its outputs: the next frame may have begun when its last ones come.
  typedef struct packed {
    logic [AddrWidth-1:0] base;
    logic first_frame;
    logic sinks;
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
        base: write_base, first_frame: first_frame, sinks: sinking, last: layer.last, signed_sum: layer.signed_sum,
        feeds: layer.feeds, tally_peak: layer.tally_peak, tally_limit: layer.tally_limit
      };
    end
    if (out_begin) put_q <= put_next_q;
  end

  always_ff @(posedge clk_i) {even_q, first_q, handing_q} <= {row[0], row == '0, handing};

  rsnn_stores #(
    .Slots(Slots), .ActBits(ActBits), .SourceBits(SourceBits), .SourceDepth(SourceDepth), .SinkDepth(SinkDepth),
    .ActivationBits(ActivationBits), .EvenDepth(EvenDepth), .OddDepth(OddDepth), .AddrWidth(AddrWidth), .HandsOn(HandsOn)
  ) u_stores (
    .clk_i, .first_i(first_q), .even_i(even_q), .handing_i(handing_q), .scan_re_i(scan_re), .scan_addr_i(scan_addr),
    .scan_data_o(scan_data), .razor_we_i(razor_write), .razor_addr_i(razor_addr), .razor_data_i(razor_write_data),
    .razor_data_o(razor_data), .out_we_i(out_valid && !put_q.last), .out_sinks_i(put_q.sinks),
    .out_addr_i(put_q.base + AddrWidth'(out_addr)), .out_data_i(out_y), .source_re_o, .source_addr_o, .source_data_i,
    .sink_we_o, .sink_addr_o, .sink_data_o, .sink_data_i
  );

  // ---- Control.
  if (Streaming) begin : gen_order
    rsnn_frame_sequencer #(
      .Frames(Frames), .Rows(Rows), .Gates(Gates), .LoadBits(LoadBits), .Fixed(Fixed), .TableFile(image("table.hex")),
      .KeepFile(image("keep.hex"))
    ) u_sequencer (
      .clk_i, .rst_ni, .begun_i, .held_i, .free_o, .running_o, .layer_o(layer), .row_o(row), .first_frame_o(first_frame),
      .tally_i(tally[Frames-1]), .scan_start_o(scan_start), .take_o(take), .turn_o(turn),
      .scan_done_i(scan_done && !engine_busy), .pass_o(pass), .pass_init_o(pass_init), .pass_free_i(pass_free),
      .pass_put_i(out_last), .emit_o, .emit_done_i, .kept_o, .pruned_o, .keep_o, .load_i, .load_addr_i, .load_data_i
    );
    assign {read_base, write_base, razor_start} = '0;
    logic unused_window;
    assign unused_window = ^{room_i, keep_i, known, keep, tally, scan_free, pass_done};
  end else begin : gen_order
    rsnn_sequencer #(
      .Frames(Frames), .Rows(Rows), .HandsOn(HandsOn), .GatedSource(GatedSource), .Gates(Gates),
      .GatesBefore(GatesBefore), .AddrWidth(AddrWidth), .Fixed(Fixed), .TableFile(image("table.hex")),
      .KeepFile(image("keep.hex")), .LoadBits(LoadBits)
    ) u_sequencer (
      .clk_i, .rst_ni, .begun_i, .held_i, .room_i, .running_o, .keep_before_i(keep_i), .layer_o(layer), .row_o(row),
      .read_base_o(read_base), .write_base_o(write_base), .first_frame_o(first_frame),
      .razor_start_o(razor_start), .known_i(known), .keep_i(keep), .tally_i(tally), .scan_start_o(scan_start),
      .scan_free_i(scan_free), .take_o(take), .turn_o(turn), .scan_done_i(scan_done && !engine_busy), .pass_o(pass),
      .pass_init_o(pass_init), .pass_done_i(pass_done), .pass_free_i(pass_free), .pass_put_i(out_last), .emit_o,
      .emit_done_i, .kept_o, .pruned_o, .keep_o, .load_i, .load_addr_i, .load_data_i
    );
    assign free_o = emit_done_i;
  end

  // ---- Razor. It takes its sums from the outputs of the layer before, as they are written.
  localparam int unsigned SumsDepth = (SumsEven > SumsOdd) ? SumsEven : SumsOdd;
  localparam int unsigned SumsAddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1;

  if (Gated) begin : gen_razor
    rsnn_razor #(
      .Slots(Slots), .ActBits(ActBits), .Frames(Frames), .Embeddings(Embeddings), .AddrWidth(AddrWidth),
      .SumsBits(SumsBits), .FrameSumBits(FrameSumBits), .LogitSumBits(LogitSumBits), .SumsEven(SumsEven),
      .SumsOdd(SumsOdd), .GateRows(GateRows), .OffsetDepth(OffsetDepth), .Relative(Relative),
      .EmbeddingFile(image("embeddings.hex")), .AffineFile(image("affine.hex")), .OffsetFile(image("offset.hex")),
      .ExpFile(image("exp.hex")), .SigmoidFile(image("sigmoid.hex")), .LoadBits(LoadBits)
    ) u_razor (
      .clk_i, .rst_ni, .layer_i(layer), .even_i(even_q),
      .feed_begin_i(pass_init && layer.feeds), .feed_i(out_valid && put_q.feeds), .feed_first_i(put_q.first_frame),
      .feed_last_i(out_last), .feed_addr_i(SumsAddrWidth'(out_addr)), .feed_data_i(out_y),
      .start_i(razor_start), .known_o(known), .keep_o(keep), .mem_addr_o(razor_addr), .mem_data_i(razor_data),
      .write_o(razor_write), .write_data_o(razor_write_data),
      .load_i, .load_addr_i, .load_data_i
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
      .clk_i, .rst_ni, .peak_i(put_q.tally_peak), .limit_i(put_q.tally_limit), .odd_i(row[0]),
      .word_i(out_valid && !put_q.last), .last_i(out_last), .data_i(out_y), .keep_o(tally)
    );
  end else begin : gen_no_tally
    assign tally = '1;
  end

  // ---- Scanner and engine.
  logic event_found, event_turn, event_valid, event_ready;
  logic [Inputs-1:0][ActBits-1:0] event_value;
  logic [Inputs-1:0][WeightAddrWidth-1:0] event_weight;
  logic [11:0] event_y, event_x;
  logic signed [Slots-1:0][MembraneBits-1:0] out_u;

  always_comb begin
    events_o = '0;
    for (int unsigned n = 0; n < Inputs; n++) events_o = events_o + 3'(event_valid && event_ready && event_value[n] != '0);
  end
  assign event_valid = event_found && take && event_turn == turn;

  rsnn_scanner #(
    .Lanes(Lanes), .Taps(Taps), .Inputs(Inputs), .ActBits(ActBits), .AddrWidth(AddrWidth),
    .WeightAddrWidth(WeightAddrWidth)
  ) u_scanner (
    .clk_i, .rst_ni, .start_i(scan_start), .base_i(read_base), .words_i((AddrWidth + 1)'(layer.words_in)),
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
    .Lanes(Lanes), .Taps(Taps), .Inputs(Inputs), .ActBits(ActBits), .WeightBits(WeightBits), .LowerBits(LowerBits),
    .MembraneBits(MembraneBits), .WeightDepth(WeightDepth), .UpperDepth(UpperDepth), .BiasDepth(BiasDepth),
    .MembraneDepth(MembraneDepth), .WeightFile(image("weights.hex")), .UpperFile(image("upper.hex")),
    .BiasFile(image("bias.hex")), .LoadBits(LoadBits), .Alpha(Alpha), .Reset(Reset), .Spike(Spike),
    .TiesEven(TiesEven), .OutMax(OutMax), .Streaming(Streaming)
  ) u_engine (
    .clk_i, .rst_ni, .layer_i(layer), .event_valid_i(event_valid), .event_ready_o(event_ready),
    .event_value_i(event_value), .event_weight_i(event_weight), .event_y_i(event_y), .event_x_i(event_x),
    .pass_i(pass), .pass_init_i(pass_init), .busy_o(engine_busy), .done_o(pass_done), .free_o(pass_free), .multiplies_o,
    .out_begin_o(out_begin), .out_valid_o(out_valid), .out_last_o(out_last), .out_addr_o(out_addr), .out_y_o(out_y),
    .out_u_o(out_u), .out_saturated_o(saturated_o), .load_i, .load_addr_i, .load_data_i
  );

  assign add_o = out_valid && put_q.last;
  assign {add_first_o, add_signed_o, add_addr_o, add_u_o} = {put_q.first_frame, put_q.signed_sum, out_addr, out_u};

  logic unused;
  assign unused = ^{layer, put_q, keep_i};
endmodule
