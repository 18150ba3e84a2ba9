// Razor unit: sums over frames, softmax weighting, masks, scores and keep bits of one window.
// Contract: python/razorsnn/ops/razor.py.
//   order      sums frame by frame, word by word, k by k; masks word by word; scores frame by frame
//   latency    RazorCycles in ops/razor.py
//   handshake  start_i while idle; done_o pulses when keep_o is whole; keep_o holds until the next start
module rsnn_razor #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned Frames = 4,
  parameter int unsigned Embeddings = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned FrameSumBits = 20,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned SumsDepth = 64,
  parameter int unsigned MaskDepth = 16,
  parameter int unsigned GateDepth = 64,
  parameter int unsigned OffsetDepth = 4,
  parameter string EmbeddingFile = "",
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  parameter string SigmoidFile = ""
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  rsnn_pkg::layer_t              layer_i,
  input  logic                          start_i,
  output logic                          done_o,
  output logic [Frames-1:0]             keep_o,
  output logic                          mem_re_o,
  output logic [AddrWidth-1:0]          mem_addr_o,
  input  logic [Lanes-1:0][ActBits-1:0] mem_data_i,
  output logic                          write_o,
  output logic [AddrWidth-1:0]          write_addr_o,
  output logic [Lanes-1:0][ActBits-1:0] write_data_o
);
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1;
  localparam int unsigned FrameWidth = (Frames > 1) ? $clog2(Frames) : 1;
  localparam int unsigned SumsAddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1;
  localparam int unsigned MaskAddrWidth = (MaskDepth > 1) ? $clog2(MaskDepth) : 1;
  localparam int unsigned GateAddrWidth = (GateDepth > 1) ? $clog2(GateDepth) : 1;
  localparam int unsigned OffsetAddrWidth = (OffsetDepth > 1) ? $clog2(OffsetDepth) : 1;
  localparam int unsigned MaskBits = 8 + $clog2(Embeddings);
  localparam int unsigned ScoreBits = MaskBits + ActBits;
  localparam int unsigned LeftBits = (SumsBits > MaskBits + 1) ? SumsBits : MaskBits + 1;
  localparam int unsigned ProductBits = LeftBits + 10;
  localparam logic [KWidth-1:0] LastK = KWidth'(Embeddings - 1);
  localparam logic [FrameWidth-1:0] LastFrame = FrameWidth'(Frames - 1);

  typedef enum logic [3:0] {
    Idle, Frame, Sums, Settle, Affine, Finish, Weighting, Masks, MaskDrain, Scores, ScoreDrain
  } state_e;

  state_e state_q, state_d;
  logic [FrameWidth-1:0] frame_q;
  logic [1:0] wait_q;

  // ---- Words of the window: a frame at a time for the sums, all frames in one go for the scores.
  logic read_start, word_valid, word_ready, word_last, reader_busy;
  logic [AddrWidth-1:0] base_q;
  logic [AddrWidth:0] count;
  logic [Lanes-1:0][ActBits-1:0] word;

  assign read_start = state_q == Frame || (state_q == MaskDrain && wait_q == '0);
  assign count = (state_q == Frame) ? (AddrWidth + 1)'(layer_i.words_in)
                                    : (AddrWidth + 1)'(layer_i.words_in * 24'(Frames));

  rsnn_word_reader #(.AddrWidth(AddrWidth), .WordWidth(Lanes * ActBits)) u_reader (
    .clk_i, .rst_ni, .start_i(read_start), .base_i(state_q == Frame ? base_q : '0), .count_i(count),
    .mem_re_o, .mem_addr_o, .mem_data_i,
    .valid_o(word_valid), .ready_i(word_ready), .word_o(word), .last_o(word_last), .busy_o(reader_busy)
  );

  // ---- Stage 0 of the sums and of the masks: one (word, k) a cycle.
  logic [KWidth-1:0] k_q, k1_q, k2_q, k3_q;
  logic [SumsAddrWidth-1:0] sums_addr_q;
  logic skip, sum_issue, mask_issue, score_issue, word_done;
  logic [GateAddrWidth-1:0] embedding_addr, coefficients_q;

  assign skip = word == '0 && frame_q != '0;
  assign sum_issue = state_q == Sums && word_valid && !skip;
  assign mask_issue = state_q == Masks;
  assign score_issue = state_q == Scores && word_valid;
  assign word_done = skip || k_q == LastK;
  assign word_ready = (state_q == Sums && word_done) || state_q == Scores;
  assign embedding_addr = coefficients_q + GateAddrWidth'(k_q);

  // ---- Stage 1: operands; stage 2: one product a lane, of three kinds.
  logic sum1_q, sum2_q, mask1_q, mask2_q, mask3_q, score1_q, score2_q, score3_q, first1_q, first2_q;
  logic [Lanes-1:0][ActBits-1:0] word1_q, refined3_q;
  logic signed [rsnn_pkg::EmbeddingBits-1:0] embedding1;
  logic [Embeddings-1:0][8:0] weight;
  logic [Lanes-1:0][SumsBits-1:0] read1, old2, new2;
  logic [Lanes-1:0][MaskBits-1:0] mask_read1, mask_sum3_q, mask_sum3;
  logic signed [ProductBits-1:0] product2_q [Lanes];
  logic [Lanes-1:0][7:0] sigmoid3;

  rsnn_rom #(.Width(rsnn_pkg::EmbeddingBits), .Depth(GateDepth), .InitFile(EmbeddingFile)) u_embeddings (
    .clk_i, .re_i(sum_issue), .addr_i(embedding_addr), .data_o(embedding1)
  );
  rsnn_rmw #(.Width(Lanes * SumsBits), .Depth(SumsDepth)) u_sums (
    .clk_i, .rst_ni, .valid_i(sum_issue || mask_issue), .addr_i(sums_addr_q),
    .read_o(read1), .old_o(old2), .write_i(sum2_q), .new_i(new2)
  );

  for (genvar i = 0; i < int'(Lanes); i++) begin : gen_lane
    logic signed [LeftBits-1:0] left;
    logic signed [9:0] right;
    logic signed [rsnn_pkg::MaskInputBits-1:0] mask_input;
    logic [ProductBits-1:0] refined;

    always_comb begin
      if (mask1_q) begin
        left = LeftBits'(signed'(read1[i]));
        right = signed'(10'(weight[k1_q]));
      end else if (score1_q) begin
        left = signed'(LeftBits'(mask_read1[i]));
        right = signed'(10'(word1_q[i]));
      end else begin
        left = signed'(LeftBits'(word1_q[i]));
        right = 10'(embedding1);
      end
    end
    always_ff @(posedge clk_i) product2_q[i] <= left * right;

    assign new2[i] = (first2_q ? '0 : old2[i]) + SumsBits'(product2_q[i]);

    rsnn_cast #(.InBits(ProductBits), .OutBits(rsnn_pkg::MaskInputBits)) u_mask_input (
      .value_i(product2_q[i]), .shift_i(layer_i.mask_shift), .value_o(mask_input)
    );
    // The table starts at the lowest input: flipping the sign bit is adding 128.
    rsnn_rom #(.Width(8), .Depth(256), .InitFile(SigmoidFile)) u_sigmoid (
      .clk_i, .re_i(mask2_q), .addr_i(mask_input ^ 8'h80), .data_o(sigmoid3[i])
    );
    assign mask_sum3[i] = (k3_q == '0 ? '0 : mask_sum3_q[i]) + MaskBits'(sigmoid3[i]);

    assign refined = (((ProductBits'(product2_q[i]) << 1) >> layer_i.refine_shift) + 1'b1) >> 1;
    always_ff @(posedge clk_i) begin
      refined3_q[i] <= (refined > ProductBits'(layer_i.refine_max)) ? ActBits'(layer_i.refine_max) : ActBits'(refined);
    end
  end

  // ---- Masks: K sigmoids a word into one mask word; read back for the scores.
  logic [MaskAddrWidth-1:0] mask_write_addr_q, mask_read_addr_q;
  logic mask_write;

  assign mask_write = mask3_q && k3_q == LastK;
  rsnn_ram #(.Width(Lanes * MaskBits), .Depth(MaskDepth)) u_mask (
    .clk_i, .re_i(score_issue), .raddr_i(mask_read_addr_q), .rdata_o(mask_read1),
    .we_i(mask_write), .waddr_i(mask_write_addr_q), .wdata_i(mask_sum3)
  );

  // ---- Scores: the largest product of a frame against the threshold.
  logic [ScoreBits-1:0] largest, largest3_q, score_q, score;
  logic frame_end, frame_end1_q, frame_end2_q, frame_end3_q;
  logic [FrameWidth-1:0] score_frame_q;
  logic [AddrWidth-1:0] score_addr_q, score_addr1_q, score_addr2_q;

  always_comb begin
    largest = '0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (ScoreBits'(product2_q[i]) > largest) largest = ScoreBits'(product2_q[i]);
    end
  end
  assign score = (largest3_q > score_q) ? largest3_q : score_q;
  assign frame_end = 24'(mask_read_addr_q) == layer_i.words_in - 1'b1;
  assign write_o = score3_q && layer_i.refined;
  assign write_data_o = refined3_q;

  always_ff @(posedge clk_i) begin
    largest3_q <= largest;
    score_addr1_q <= score_addr_q;
    score_addr2_q <= score_addr1_q;
    write_addr_o <= score_addr2_q;
    {frame_end1_q, frame_end2_q, frame_end3_q} <= {frame_end, frame_end1_q, frame_end2_q};
    if (state_q != Scores && state_q != ScoreDrain) begin
      score_q <= '0;
      score_frame_q <= '0;
      score_addr_q <= '0;
      mask_read_addr_q <= '0;
    end else begin
      if (score_issue) begin
        score_addr_q <= score_addr_q + 1'b1;
        mask_read_addr_q <= frame_end ? '0 : mask_read_addr_q + 1'b1;
      end
      if (score3_q) begin
        score_q <= frame_end3_q ? '0 : score;
        if (frame_end3_q) begin
          keep_o[score_frame_q] <= 31'(score) >= layer_i.threshold;
          score_frame_q <= score_frame_q + 1'b1;
        end
      end
    end
  end

  // ---- Sum of a frame, and the weighting that it feeds.
  logic [FrameSumBits-1:0] frame_sum_q, word_sum, word_sum_q;
  logic word_sum_valid_q, weighting_ready, settled;

  always_comb begin
    word_sum = '0;
    for (int unsigned i = 0; i < Lanes; i++) word_sum += FrameSumBits'(word[i]);
  end

  always_ff @(posedge clk_i) begin
    word_sum_q <= word_sum;
    word_sum_valid_q <= state_q == Sums && word_valid && word_done;
    if (state_q == Frame) frame_sum_q <= '0;
    else if (word_sum_valid_q) frame_sum_q <= frame_sum_q + word_sum_q;
  end
  assign settled = state_q == Settle && wait_q == '0 && weighting_ready;

  rsnn_weighting #(
    .Embeddings(Embeddings), .FrameSumBits(FrameSumBits), .LogitSumBits(LogitSumBits), .GateDepth(GateDepth),
    .OffsetDepth(OffsetDepth), .AffineFile(AffineFile), .OffsetFile(OffsetFile), .ExpFile(ExpFile)
  ) u_weighting (
    .clk_i, .rst_ni, .begin_i(start_i), .offset_base_i(OffsetAddrWidth'(layer_i.offset_base)),
    .frame_i(settled), .affine_base_i(coefficients_q), .frame_sum_i(frame_sum_q),
    .finish_i(state_q == Finish), .logit_shift_i(layer_i.logit_shift), .ready_o(weighting_ready), .weight_o(weight)
  );

  // ---- Control.
  logic last_mask;
  logic [MaskAddrWidth-1:0] mask_word_q;

  assign last_mask = k_q == LastK && 24'(mask_word_q) == layer_i.words_in - 1'b1;
  assign done_o = state_q == ScoreDrain && wait_q == '0;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle: if (start_i) state_d = Frame;
      Frame: state_d = Sums;
      Sums: if (word_last && word_done) state_d = Settle;
      Settle: if (settled) state_d = Affine;
      Affine: if (weighting_ready) state_d = (frame_q == LastFrame) ? Finish : Frame;
      Finish: state_d = Weighting;
      Weighting: if (weighting_ready) state_d = Masks;
      Masks: if (last_mask) state_d = MaskDrain;
      MaskDrain: if (wait_q == '0) state_d = Scores;
      Scores: if (word_last) state_d = ScoreDrain;
      default: if (wait_q == '0) state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    {mask3_q, mask2_q, mask1_q} <= {mask2_q, mask1_q, mask_issue};
    {k3_q, k2_q, k1_q} <= {k2_q, k1_q, k_q};
    {first2_q, first1_q} <= {first1_q, frame_q == '0};
    word1_q <= word;
    mask_sum3_q <= mask_sum3;
    mask_write_addr_q <= (state_q == Finish) ? '0 : mask_write_addr_q + MaskAddrWidth'(mask_write);
    mask_word_q <= (state_q == Finish) ? '0 : mask_word_q + MaskAddrWidth'(mask_issue && k_q == LastK);
    if (state_q == Idle) begin
      frame_q <= '0;
      base_q <= '0;
      coefficients_q <= GateAddrWidth'(layer_i.gate_base);
    end else if (state_q == Affine && state_d == Frame) begin
      frame_q <= frame_q + 1'b1;
      base_q <= base_q + AddrWidth'(layer_i.words_in);
      coefficients_q <= coefficients_q + GateAddrWidth'(Embeddings);
    end
    if (state_q == Frame || state_q == Finish) sums_addr_q <= '0;
    else if (sum_issue || mask_issue) sums_addr_q <= sums_addr_q + 1'b1;
    else if (state_q == Sums && word_valid) sums_addr_q <= sums_addr_q + SumsAddrWidth'(Embeddings);
    if (!rst_ni) begin
      state_q <= Idle;
      k_q <= '0;
      wait_q <= '0;
      {sum1_q, sum2_q, score1_q, score2_q, score3_q} <= '0;
    end else begin
      state_q <= state_d;
      {sum2_q, sum1_q} <= {sum1_q, sum_issue};
      {score3_q, score2_q, score1_q} <= {score2_q, score1_q, score_issue};
      if (sum_issue || mask_issue) k_q <= (k_q == LastK) ? '0 : k_q + 1'b1;
      wait_q <= (state_q == state_d) ? wait_q - 2'(wait_q != '0) : (state_d == Settle) ? 2'd1 : 2'd3;
    end
  end

  logic unused;
  assign unused = reader_busy ^ (^layer_i);
endmodule
