// Razor unit: sums over frames, softmax weighting, masks, scores and keep bits of one window.
// Contract: python/razorsnn/ops/razor.py.
//   order      sums of all k as the layer before puts its outputs out, a word a cycle, and which words are not empty;
//              then scores (rsnn_scores), while the layer behind the gate runs and feeds the sums of the next gate
//   shapes     two banks of sums, for gates that read the even and the odd store; even_i: the gate of layer_i reads the
//              even one, so the feed goes to the bank of the odd one
//   latency    `Razor.known` in ops/razor.py; a word is in the sums 5 cycles after feed_i
//   handshake  feed_begin_i, and layer_i for Embeddings + 1 cycles more; then the frames' words, their starts 5 cycles
//              apart or more, the last word of the first frame Embeddings cycles after feed_begin_i or later; start_i 3
//              cycles or more after the last, and with feed_begin_i of the next gate at the earliest; known_o: keep_o of
//              these frames holds until the next start
module rsnn_razor #(
  parameter int unsigned Slots = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned Frames = 4,
  parameter int unsigned Embeddings = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned FrameSumBits = 20,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned SumsEven = 16,
  parameter int unsigned SumsOdd = 16,
  parameter int unsigned GateRows = 16,
  parameter int unsigned OffsetDepth = 4,
  parameter int unsigned LoadBits = 512,
  parameter bit Relative = 1'b0,
  parameter string EmbeddingFile = "",
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  parameter string SigmoidFile = "",
  localparam int unsigned SumsDepth = (SumsEven > SumsOdd) ? SumsEven : SumsOdd,
  localparam int unsigned SumsAddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  rsnn_pkg::layer_t              layer_i,
  input  logic                          even_i,
  input  logic                          feed_begin_i,
  input  logic                          feed_i,
  input  logic                          feed_first_i,
  input  logic                          feed_last_i,
  input  logic [SumsAddrWidth-1:0]      feed_addr_i,
  input  logic [Slots-1:0][ActBits-1:0] feed_data_i,
  input  logic                          start_i,
  output logic [Frames-1:0]             known_o,
  output logic [Frames-1:0]             keep_o,
  output logic [AddrWidth-1:0]          mem_addr_o,
  input  logic [Slots-1:0][ActBits-1:0] mem_data_i,
  output logic                          write_o,
  output logic [Slots-1:0][ActBits-1:0] write_data_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                   load_addr_i,
  input  logic [LoadBits-1:0]           load_data_i
);
  localparam int unsigned RowWidth = (GateRows > 1) ? $clog2(GateRows) : 1;
  localparam int unsigned OffsetAddrWidth = (OffsetDepth > 1) ? $clog2(OffsetDepth) : 1;
  localparam int unsigned OccupancyBits = rsnn_pkg::OccupancyBits;
  localparam int unsigned BitWidth = $clog2(OccupancyBits);
  localparam int unsigned RowsDepth = Frames * ((SumsDepth + OccupancyBits - 1) / OccupancyBits);
  localparam int unsigned RowAddrWidth = $clog2(2 * RowsDepth);

  // ---- Feed: each word of outputs into the sums of all k, and into its frame's sum, by way of sums of four lanes each. A
  // row of coefficients a frame.
  localparam int unsigned Parts = (Slots + 3) / 4;

  logic feed1_q, feed2_q, last1_q, last2_q, last3_q, begin1_q, start1_q, sums_re;
  logic [RowWidth-1:0] row_q, feed_row, feed_row_q, next_feed_row_q;
  logic [Embeddings-1:0][rsnn_pkg::EmbeddingBits-1:0] embedding;
  logic [Slots-1:0][Embeddings-1:0][SumsBits-1:0] sums;
  logic [FrameSumBits-1:0] word_sum, word_sum2_q, frame_sum3_q;
  logic [Parts-1:0][FrameSumBits-1:0] part, part1_q;
  logic [SumsAddrWidth-1:0] sums_addr;

  rsnn_rom #(
    .Width(Embeddings * rsnn_pkg::EmbeddingBits), .Depth(GateRows), .InitFile(EmbeddingFile), .LoadBits(LoadBits)
  ) u_embeddings (
    .clk_i, .re_i(1'b1), .addr_i(feed_row), .data_o(embedding),
    .load_i(load_i[rsnn_pkg::EmbeddingMemory]), .load_addr_i, .load_data_i
  );

  assign feed_row = (feed_i && feed_last_i) ? next_feed_row_q : feed_row_q;

  for (genvar i = 0; i < int'(Slots); i++) begin : gen_lane
    rsnn_sums #(
      .Embeddings(Embeddings), .ActBits(ActBits), .SumsBits(SumsBits), .SumsEven(SumsEven), .SumsOdd(SumsOdd)
    ) u_sums (
      .clk_i, .rst_ni, .even_i, .feed_i, .feed_first_i, .feed_addr_i, .x_i(feed_data_i[i]), .embedding_i(embedding),
      .read_i(sums_re), .read_addr_i(sums_addr), .sums_o(sums[i])
    );
  end

  always_comb begin
    {part, word_sum} = '0;
    for (int unsigned i = 0; i < Slots; i++) part[i/4] += FrameSumBits'(feed_data_i[i]);
    for (int unsigned i = 0; i < Parts; i++) word_sum += part1_q[i];
  end

  always_ff @(posedge clk_i) begin
    {word_sum2_q, part1_q} <= {word_sum, part};
    // A frame begins anew once its sum was handed on.
    if (feed2_q) frame_sum3_q <= word_sum2_q + ((last3_q || begin1_q) ? '0 : frame_sum3_q);
    else if (last3_q || begin1_q) frame_sum3_q <= '0;
    // Of the word that is fed, and of the frame whose sum is handed on.
    if (feed_begin_i) feed_row_q <= RowWidth'(layer_i.feed_base);
    else feed_row_q <= feed_row;
    if (feed_begin_i) next_feed_row_q <= RowWidth'(layer_i.feed_base) + 1'b1;
    else if (feed_i && feed_last_i) next_feed_row_q <= next_feed_row_q + 1'b1;
    if (begin1_q) row_q <= RowWidth'(layer_i.feed_base);
    else if (last3_q) row_q <= row_q + 1'b1;
    if (!rst_ni) {feed1_q, feed2_q, last1_q, last2_q, last3_q, begin1_q, start1_q} <= '0;
    else begin
      {feed2_q, feed1_q, last3_q, last2_q, last1_q} <= {feed1_q, feed_i, last2_q, last1_q, feed_i && feed_last_i};
      {begin1_q, start1_q} <= {feed_begin_i, start_i};
    end
  end

  // ---- Which words of a frame are not empty: a row of bits as often as it is full, and at the frame's end. Two banks, as
  // the sums: one that is fed, one that is read.
  logic [OccupancyBits-1:0] bits1, bits1_q, row_data;
  logic [BitWidth-1:0] bit1_q;
  logic [RowAddrWidth-1:0] fed_row_q, row_addr;
  logic row_write, row_re, filled1_q;

  always_comb begin
    bits1 = (bit1_q == '0) ? '0 : bits1_q;
    bits1[bit1_q] = filled1_q;
  end
  assign row_write = feed1_q && (last1_q || bit1_q == '1);

  always_ff @(posedge clk_i) begin
    bit1_q <= BitWidth'(feed_addr_i);
    filled1_q <= feed_data_i != '0;
    if (feed1_q) bits1_q <= bits1;
    if (begin1_q) fed_row_q <= even_i ? RowAddrWidth'(RowsDepth) : '0;
    else if (row_write) fed_row_q <= fed_row_q + 1'b1;
  end

  rsnn_ram #(.Width(OccupancyBits), .Depth(2 * RowsDepth)) u_occupancy (
    .clk_i, .re_i(row_re), .raddr_i(row_addr), .rdata_o(row_data), .we_i(row_write), .waddr_i(fed_row_q), .wdata_i(bits1)
  );

  // ---- Weighting.
  logic weighting_ready;
  logic [Embeddings-1:0][8:0] weight;

  rsnn_weighting #(
    .Embeddings(Embeddings), .FrameSumBits(FrameSumBits), .LogitSumBits(LogitSumBits), .GateRows(GateRows),
    .OffsetDepth(OffsetDepth), .AffineFile(AffineFile), .OffsetFile(OffsetFile), .ExpFile(ExpFile),
    .LoadBits(LoadBits)
  ) u_weighting (
    .clk_i, .rst_ni, .begin_i(begin1_q), .frame_i(last3_q), .row_i(row_q), .frame_sum_i(frame_sum3_q),
    .finish_i(start1_q), .offset_base_i(OffsetAddrWidth'(layer_i.feed_offset)), .logit_shift_i(layer_i.logit_shift),
    .ready_o(weighting_ready), .weight_o(weight), .load_i, .load_addr_i, .load_data_i
  );

  rsnn_scores #(
    .Slots(Slots), .ActBits(ActBits), .Frames(Frames), .Embeddings(Embeddings), .AddrWidth(AddrWidth),
    .SumsBits(SumsBits), .SumsDepth(SumsDepth), .RowsDepth(RowsDepth), .Relative(Relative), .SigmoidFile(SigmoidFile),
    .LoadBits(LoadBits)
  ) u_scores (
    .clk_i, .rst_ni, .layer_i, .start_i, .ready_i(weighting_ready), .weight_i(weight),
    .row_base_i(even_i ? '0 : RowAddrWidth'(RowsDepth)), .row_re_o(row_re), .row_addr_o(row_addr), .row_data_i(row_data),
    .sums_re_o(sums_re), .sums_addr_o(sums_addr), .sums_data_i(sums),
    .write_o, .mem_addr_o, .mem_data_i, .write_data_o, .known_o, .keep_o,
    .load_i, .load_addr_i, .load_data_i
  );

  logic unused;
  assign unused = ^{layer_i, load_i};
endmodule
