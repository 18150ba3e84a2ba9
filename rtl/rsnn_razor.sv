// Razor unit: sums over frames, softmax weighting, masks, scores and keep bits of one window.
// Contract: python/razorsnn/ops/razor.py.
//   order      sums of all k as the layer before puts its outputs out, a word a cycle; masks word by word, in it k by k;
//              scores frame by frame, each up to the word that decides, from the one that decided the frame before
//   latency    RazorCycles in ops/razor.py; a word is in the sums 3 cycles after feed_i
//   handshake  feed_begin_i, then the frames' words, 3 cycles or more from one frame to the next; start_i while idle;
//              done_o pulses with the last decision; keep_o is whole from the cycle after on, until the next start
module rsnn_razor #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned Frames = 4,
  parameter int unsigned Embeddings = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned FrameSumBits = 20,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned MaskDepth = 16,
  parameter int unsigned GateRows = 16,
  parameter int unsigned OffsetDepth = 4,
  parameter int unsigned LoadBits = 512,
  parameter string EmbeddingFile = "",
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  parameter string SigmoidFile = "",
  localparam int unsigned MaskAddrWidth = (MaskDepth > 1) ? $clog2(MaskDepth) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  rsnn_pkg::layer_t              layer_i,
  input  logic                          feed_begin_i,
  input  logic                          feed_i,
  input  logic                          feed_first_i,
  input  logic                          feed_last_i,
  input  logic [MaskAddrWidth-1:0]      feed_addr_i,
  input  logic [Lanes-1:0][ActBits-1:0] feed_data_i,
  input  logic                          start_i,
  output logic                          done_o,
  output logic [Frames-1:0]             keep_o,
  output logic                          mem_re_o,
  output logic [AddrWidth-1:0]          mem_addr_o,
  input  logic [Lanes-1:0][ActBits-1:0] mem_data_i,
  output logic                          write_o,
  output logic [AddrWidth-1:0]          write_addr_o,
  output logic [Lanes-1:0][ActBits-1:0] write_data_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                   load_addr_i,
  input  logic [LoadBits-1:0]           load_data_i
);
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1;
  localparam int unsigned FrameWidth = (Frames > 1) ? $clog2(Frames) : 1;
  localparam int unsigned RowWidth = (GateRows > 1) ? $clog2(GateRows) : 1;
  localparam int unsigned OffsetAddrWidth = (OffsetDepth > 1) ? $clog2(OffsetDepth) : 1;
  localparam int unsigned MaskBits = 8 + $clog2(Embeddings);
  localparam int unsigned ScoreBits = MaskBits + ActBits;
  localparam int unsigned LeftBits = (SumsBits > MaskBits + 1) ? SumsBits : MaskBits + 1;
  localparam int unsigned ProductBits = LeftBits + 10;
  localparam int unsigned FedBits = rsnn_pkg::EmbeddingBits + ActBits + 1;
  localparam logic [KWidth-1:0] LastK = KWidth'(Embeddings - 1);
  localparam logic [FrameWidth-1:0] LastFrame = FrameWidth'(Frames - 1);

  typedef enum logic [2:0] {Idle, Weighting, Masks, MaskDrain, Scores, ScoreDrain} state_e;

  state_e state_q, state_d;
  logic [1:0] wait_q;

  // ---- Feed: each word of outputs into the sums of all k, and into its frame's sum. A row of coefficients a frame.
  logic feed1_q, feed2_q, first1_q, first2_q, last1_q, last2_q;
  logic [RowWidth-1:0] row_q;
  logic [Lanes-1:0][ActBits-1:0] fed1_q;
  logic [Embeddings-1:0][rsnn_pkg::EmbeddingBits-1:0] embedding;
  logic [Embeddings-1:0][Lanes-1:0][SumsBits-1:0] sums1, old2, new2;
  logic signed [FedBits-1:0] fed2_q [Embeddings][Lanes];
  logic [FrameSumBits-1:0] word_sum, word_sum1_q, frame_sum2_q;
  logic [FrameWidth-1:0] fed_frame_q;
  logic [Frames-1:0] empty_q;
  logic mask_read;
  logic [MaskAddrWidth-1:0] mask_word_q;

  rsnn_rom #(
    .Width(Embeddings * rsnn_pkg::EmbeddingBits), .Depth(GateRows), .InitFile(EmbeddingFile), .LoadBits(LoadBits)
  ) u_embeddings (
    .clk_i, .re_i(1'b1), .addr_i(row_q), .data_o(embedding),
    .load_i(load_i[rsnn_pkg::EmbeddingMemory]), .load_addr_i, .load_data_i
  );
  rsnn_rmw #(.Width(Embeddings * Lanes * SumsBits), .Depth(MaskDepth)) u_sums (
    .clk_i, .rst_ni, .valid_i(feed_i || mask_read), .addr_i(feed_i ? feed_addr_i : mask_word_q),
    .read_o(sums1), .old_o(old2), .write_i(feed2_q), .new_i(new2)
  );

  for (genvar k = 0; k < int'(Embeddings); k++) begin : gen_sums
    for (genvar i = 0; i < int'(Lanes); i++) begin : gen_lane
      always_ff @(posedge clk_i) fed2_q[k][i] <= signed'(embedding[k]) * signed'({1'b0, fed1_q[i]});
      assign new2[k][i] = (first2_q ? '0 : old2[k][i]) + SumsBits'(fed2_q[k][i]);
    end
  end

  always_comb begin
    word_sum = '0;
    for (int unsigned i = 0; i < Lanes; i++) word_sum += FrameSumBits'(feed_data_i[i]);
  end

  always_ff @(posedge clk_i) begin
    fed1_q <= feed_data_i;
    word_sum1_q <= word_sum;
    {first2_q, first1_q} <= {first1_q, feed_first_i};
    // A frame begins anew once its sum was handed on.
    if (feed1_q) frame_sum2_q <= word_sum1_q + ((last2_q || feed_begin_i) ? '0 : frame_sum2_q);
    else if (last2_q || feed_begin_i) frame_sum2_q <= '0;
    if (feed_begin_i) row_q <= RowWidth'(layer_i.feed_base);
    else if (last2_q) row_q <= row_q + 1'b1;
    if (feed_begin_i) fed_frame_q <= '0;
    else if (last2_q) fed_frame_q <= fed_frame_q + 1'b1;
    if (last2_q) empty_q[fed_frame_q] <= frame_sum2_q == '0;
    if (!rst_ni) {feed1_q, feed2_q, last1_q, last2_q} <= '0;
    else {feed1_q, feed2_q, last1_q, last2_q} <= {feed_i, feed1_q, feed_i && feed_last_i, last1_q};
  end

  // ---- Weighting.
  logic weighting_ready;
  logic [Embeddings-1:0][8:0] weight;

  rsnn_weighting #(
    .Embeddings(Embeddings), .FrameSumBits(FrameSumBits), .LogitSumBits(LogitSumBits), .GateRows(GateRows),
    .OffsetDepth(OffsetDepth), .AffineFile(AffineFile), .OffsetFile(OffsetFile), .ExpFile(ExpFile),
    .LoadBits(LoadBits)
  ) u_weighting (
    .clk_i, .rst_ni, .begin_i(feed_begin_i), .frame_i(last2_q), .row_i(row_q), .frame_sum_i(frame_sum2_q),
    .finish_i(start_i), .offset_base_i(OffsetAddrWidth'(layer_i.offset_base)), .logit_shift_i(layer_i.logit_shift),
    .ready_o(weighting_ready), .weight_o(weight), .load_i, .load_addr_i, .load_data_i
  );

  // ---- Masks and scores, stage 0: one (word, k), or one word of a frame, a cycle.
  logic [KWidth-1:0] k_q, k1_q, k2_q, k3_q;
  logic [FrameWidth-1:0] frame_q, score_frame_q;
  logic [MaskAddrWidth-1:0] word_q, next_word, start_q, word1_q, word2_q, word3_q;
  logic [AddrWidth-1:0] base_q;
  logic mask_issue, score_issue, last_word, last_mask;

  assign mask_issue = state_q == Masks;
  assign mask_read = mask_issue && k_q == '0;
  assign last_mask = k_q == LastK && 24'(mask_word_q) == layer_i.words_in - 1'b1;
  assign score_issue = state_q == Scores;
  // Of a frame without a non-zero one word is read, for its score of 0.
  assign next_word = (24'(word_q) == layer_i.words_in - 1'b1) ? '0 : word_q + 1'b1;
  assign last_word = empty_q[frame_q] || next_word == start_q;
  assign mem_re_o = score_issue;
  assign mem_addr_o = base_q + AddrWidth'(word_q);

  // ---- Stage 1: operands; stage 2: one product a lane, of two kinds; stage 3: sigmoid, or refined and the largest.
  logic mask1_q, mask2_q, mask3_q, score1_q, score2_q, score3_q, end1_q, end2_q, end3_q, mask_write;
  logic [MaskAddrWidth-1:0] mask_write_addr_q;
  logic [AddrWidth-1:0] addr1_q, addr2_q;
  logic [Lanes-1:0][ActBits-1:0] refined3_q;
  logic [Lanes-1:0][MaskBits-1:0] mask_read1, mask_sum3_q, mask_sum3;
  logic signed [ProductBits-1:0] product2_q [Lanes];
  logic [Lanes-1:0][7:0] sigmoid3;

  assign mask_write = mask3_q && k3_q == LastK;
  rsnn_ram #(.Width(Lanes * MaskBits), .Depth(MaskDepth)) u_mask (
    .clk_i, .re_i(score_issue), .raddr_i(word_q), .rdata_o(mask_read1),
    .we_i(mask_write), .waddr_i(mask_write_addr_q), .wdata_i(mask_sum3)
  );

  for (genvar i = 0; i < int'(Lanes); i++) begin : gen_lane
    logic signed [LeftBits-1:0] left;
    logic signed [9:0] right;
    logic signed [rsnn_pkg::MaskInputBits-1:0] mask_input;
    logic [ProductBits-1:0] refined;

    assign left = mask1_q ? LeftBits'(signed'(sums1[k1_q][i])) : signed'(LeftBits'(mask_read1[i]));
    assign right = mask1_q ? signed'(10'(weight[k1_q])) : signed'(10'(mem_data_i[i]));
    always_ff @(posedge clk_i) product2_q[i] <= left * right;

    rsnn_cast #(.InBits(ProductBits), .OutBits(rsnn_pkg::MaskInputBits)) u_mask_input (
      .value_i(product2_q[i]), .shift_i(layer_i.mask_shift), .value_o(mask_input)
    );
    // The table starts at the lowest input: flipping the sign bit is adding 128.
    rsnn_rom #(.Width(8), .Depth(256), .InitFile(SigmoidFile), .LoadBits(LoadBits)) u_sigmoid (
      .clk_i, .re_i(mask2_q), .addr_i(mask_input ^ 8'h80), .data_o(sigmoid3[i]),
      .load_i(load_i[rsnn_pkg::SigmoidMemory]), .load_addr_i, .load_data_i
    );
    assign mask_sum3[i] = (k3_q == '0 ? '0 : mask_sum3_q[i]) + MaskBits'(sigmoid3[i]);

    assign refined = (((ProductBits'(product2_q[i]) << 1) >> layer_i.refine_shift) + 1'b1) >> 1;
    always_ff @(posedge clk_i) begin
      refined3_q[i] <= (refined > ProductBits'(layer_i.refine_max)) ? ActBits'(layer_i.refine_max) : ActBits'(refined);
    end
  end

  // ---- Decision: a frame is kept at the first word that reaches the threshold, and the next frame follows at once.
  // A refined frame is read to its end, because all of it is written back.
  logic [ScoreBits-1:0] largest, largest3_q;
  logic over, jump, decided, over_q;

  always_comb begin
    largest = '0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (ScoreBits'(product2_q[i]) > largest) largest = ScoreBits'(product2_q[i]);
    end
  end
  assign over = score3_q && 31'(largest3_q) >= layer_i.threshold;
  assign jump = over && !layer_i.refined && frame_q == score_frame_q;
  assign decided = score3_q && (end3_q || jump);
  assign done_o = decided && score_frame_q == LastFrame;
  assign write_o = score3_q && layer_i.refined;
  assign write_data_o = refined3_q;

  always_ff @(posedge clk_i) begin
    largest3_q <= largest;
    addr1_q <= mem_addr_o;
    addr2_q <= addr1_q;
    write_addr_o <= addr2_q;
    {end3_q, end2_q, end1_q} <= {end2_q, end1_q, last_word};
    if (decided) begin
      keep_o[score_frame_q] <= over || over_q;
      score_frame_q <= score_frame_q + 1'b1;
    end
    over_q <= !decided && (over || over_q);
    if (state_q == Idle) begin
      score_frame_q <= '0;
      over_q <= 1'b0;
    end
  end

  // Which word is read: the next one, or the first of the next frame; it stays with the last frame at the end. What
  // decided one frame is likely to decide the next: a frame that was cut short tells where the next ones begin.
  always_ff @(posedge clk_i) begin
    {word3_q, word2_q, word1_q} <= {word2_q, word1_q, word_q};
    if (state_q == Idle) begin
      frame_q <= '0;
      word_q <= '0;
      start_q <= '0;
      base_q <= '0;
    end else if (jump || (score_issue && last_word)) begin
      if (frame_q != LastFrame) begin
        frame_q <= frame_q + 1'b1;
        base_q <= base_q + AddrWidth'(layer_i.words_in);
      end
      word_q <= jump ? word3_q : start_q;
      if (jump) start_q <= word3_q;
    end else if (score_issue) begin
      word_q <= next_word;
    end
  end

  // ---- Control.
  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle: if (start_i) state_d = Weighting;
      Weighting: if (weighting_ready) state_d = Masks;
      Masks: if (last_mask) state_d = MaskDrain;
      MaskDrain: if (wait_q == '0) state_d = Scores;
      Scores: if (last_word && frame_q == LastFrame) state_d = ScoreDrain;
      default: state_d = ScoreDrain;
    endcase
    if (done_o) state_d = Idle;
  end

  always_ff @(posedge clk_i) begin
    {mask3_q, mask2_q, mask1_q} <= {mask2_q, mask1_q, mask_issue};
    {k3_q, k2_q, k1_q} <= {k2_q, k1_q, k_q};
    mask_sum3_q <= mask_sum3;
    mask_write_addr_q <= (state_q == Idle) ? '0 : mask_write_addr_q + MaskAddrWidth'(mask_write);
    mask_word_q <= (state_q == Idle) ? '0 : mask_word_q + MaskAddrWidth'(mask_issue && k_q == LastK);
    wait_q <= (state_q == MaskDrain) ? wait_q - 1'b1 : 2'd2;
    if (!rst_ni) begin
      state_q <= Idle;
      k_q <= '0;
      {score1_q, score2_q, score3_q} <= '0;
    end else begin
      state_q <= state_d;
      {score3_q, score2_q, score1_q} <= jump ? '0 : {score2_q, score1_q, score_issue};
      if (mask_issue) k_q <= (k_q == LastK) ? '0 : k_q + 1'b1;
    end
  end

  logic unused;
  assign unused = ^layer_i;
endmodule
