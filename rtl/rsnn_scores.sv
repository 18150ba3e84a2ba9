// Scores of the razor unit: masks of the words that are not empty, their scores, and the frames' keep bits.
// Contract: python/razorsnn/ops/razor.py.
//   order      frame by frame, in it the words with a non-zero in the order of their addresses, up to the one that
//              decides; all of them where the threshold is relative or the operand refined
//   latency    `Razor.known` in ops/razor.py: exact. A row of OccupancyBits words takes a cycle, and each of its words
//              that is not empty Embeddings cycles (3 at least where the operand is refined)
//   handshake  start_i while nothing is to be done; ready_i once weight_i holds three cycles later; known_o, keep_o
//              hold until the next start; mem_data_i is the word at mem_addr_o of three cycles before, unless write_o was
//              high then; sums_data_i is that of three cycles before, and holds until the next sums_re_o's; row_base_i, of the
//              first frame's first row, and layer_i hold from the cycle before start_i on
module rsnn_scores #(
  parameter int unsigned Slots = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned Frames = 4,
  parameter int unsigned Embeddings = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned SumsDepth = 16,
  parameter int unsigned RowsDepth = 4,
  parameter int unsigned LoadBits = 512,
  parameter bit Relative = 1'b0,
  parameter string SigmoidFile = "",
  localparam int unsigned SumsAddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1,
  localparam int unsigned RowAddrWidth = $clog2(2 * RowsDepth)
) (
  input  logic                                             clk_i,
  input  logic                                             rst_ni,
  input  rsnn_pkg::layer_t                                 layer_i,
  input  logic                                             start_i,
  input  logic                                             ready_i,
  input  logic [Embeddings-1:0][8:0]                       weight_i,
  input  logic [RowAddrWidth-1:0]                          row_base_i,
  output logic                                             row_re_o,
  output logic [RowAddrWidth-1:0]                          row_addr_o,
  input  logic [rsnn_pkg::OccupancyBits-1:0]               row_data_i,
  output logic                                             sums_re_o,
  output logic [SumsAddrWidth-1:0]                         sums_addr_o,
  input  logic [Slots-1:0][Embeddings-1:0][SumsBits-1:0]   sums_data_i,
  output logic                                             write_o,
  output logic [AddrWidth-1:0]                             mem_addr_o,
  input  logic [Slots-1:0][ActBits-1:0]                    mem_data_i,
  output logic [Slots-1:0][ActBits-1:0]                    write_data_o,
  output logic [Frames-1:0]                                known_o,
  output logic [Frames-1:0]                                keep_o,
  input  logic [rsnn_pkg::Memories-1:0]                    load_i,
  input  logic [23:0]                                      load_addr_i,
  input  logic [LoadBits-1:0]                              load_data_i
);
  localparam int unsigned OccupancyBits = rsnn_pkg::OccupancyBits;
  localparam int unsigned BitWidth = $clog2(OccupancyBits);
  localparam int unsigned RowWidth = $clog2(RowsDepth / Frames + 1);
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1;
  localparam int unsigned FrameWidth = (Frames > 1) ? $clog2(Frames) : 1;
  localparam int unsigned MaskBits = 8 + $clog2(Embeddings);
  localparam int unsigned ScoreBits = MaskBits + ActBits;
  localparam logic [FrameWidth-1:0] LastFrame = FrameWidth'(Frames - 1);
  localparam logic [3:0] LastK = 4'(Embeddings - 1);
  localparam logic [3:0] LastRefined = (Embeddings < 3) ? 4'd2 : LastK;

  // What leaves the first stage: a word, or the end of a frame, or both.
  typedef struct packed {
    logic                  word;
    logic                  last;
    logic [FrameWidth-1:0] frame;
  } token_t;

  // ---- Stage 0: which word. Rows of occupancy bits come by way of their memory and of a register, so that the next two
  // wait there; of the one that is worked on, flags tell what is left.
  localparam int unsigned Fill = 3;

  typedef logic [OccupancyBits-1:0] bits_t;
  typedef logic [RowWidth-1:0] rows_t;

  logic active_q, filled_q, jump, decided, decided_q;
  logic [Fill-1:0] fill_q;
  bits_t waiting_q, bits_q;
  logic [1:0] waiting_words, words;
  logic [3:0] slot_q, last_slot;
  logic [FrameWidth-1:0] frame_q, score_frame_q, decided_frame_q;
  rows_t row_q, rows_q, last_row_q;
  logic [RowAddrWidth-1:0] frame_rows_q, next_frame_rows;
  logic [AddrWidth-1:0] base_q;
  logic [BitWidth-1:0] first_bit;
  logic run, pending_q, single_q, slot_end, last_row, row_done, frame_done, take, whole, restart;

  assign whole = layer_i.refined || layer_i.relative;
  assign last_slot = layer_i.refined ? LastRefined : LastK;
  assign run = filled_q && ready_i;
  assign slot_end = slot_q == last_slot;
  assign last_row = row_q == last_row_q;
  assign row_done = run && (!pending_q || (slot_end && single_q));
  assign frame_done = row_done && last_row;
  assign take = row_done || fill_q != '0;
  assign jump = active_q && decided_q && !whole && frame_q == decided_frame_q && !frame_done;
  assign restart = start_i || jump;
  assign next_frame_rows = frame_rows_q + RowAddrWidth'(rows_q);

  always_comb begin
    first_bit = '0;
    for (int unsigned i = OccupancyBits; i > 0; i--) begin
      if (bits_q[i-1]) first_bit = BitWidth'(i - 1);
    end
  end

  rsnn_few #(.Width(OccupancyBits)) u_waiting_words (.bits_i(waiting_q), .count_o(waiting_words));
  rsnn_few #(.Width(OccupancyBits)) u_words (.bits_i(bits_q), .count_o(words));

  assign row_re_o = take;

  always_ff @(posedge clk_i) begin
    rows_q <= rows_t'((layer_i.words_in + 24'(OccupancyBits - 1)) >> BitWidth);
    last_row_q <= rows_q - 1'b1;
    {decided_q, decided_frame_q} <= {decided && !start_i, score_frame_q};
    if (restart) row_addr_o <= start_i ? row_base_i : next_frame_rows;
    else if (take) row_addr_o <= row_addr_o + 1'b1;
    if (start_i) begin
      frame_q <= '0;
      row_q <= '0;
      frame_rows_q <= row_base_i;
      base_q <= '0;
    end else if (jump || frame_done) begin
      frame_q <= frame_q + 1'b1;
      row_q <= '0;
      frame_rows_q <= next_frame_rows;
      base_q <= base_q + AddrWidth'(layer_i.words_in);
    end else if (row_done) begin
      row_q <= row_q + 1'b1;
    end
    if (restart) slot_q <= '0;
    else if (run && pending_q) slot_q <= slot_end ? '0 : slot_q + 1'b1;
    if (take) begin
      {waiting_q, bits_q} <= {row_data_i, waiting_q};
      {pending_q, single_q} <= {waiting_words != 2'd0, waiting_words == 2'd1};
    end else if (run && slot_end) begin
      bits_q <= bits_q & (bits_q - 1'b1);
      single_q <= words == 2'd2;
    end
    fill_q <= restart ? '1 : fill_q >> 1;
    // Active and filled, told by one register: all that follows from a word's end hangs on it.
    filled_q <= rst_ni && active_q && !restart && fill_q[Fill-1:1] == '0 && !(frame_done && frame_q == LastFrame);
    if (!rst_ni) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
    else if ((jump || frame_done) && frame_q == LastFrame) active_q <= 1'b0;
  end

  // ---- A word's place, its sums and its masks, an embedding a cycle; then its activations, and what it decides.
  //   1 address of the sums    4 sums of embedding k    6 product    7 shift    8 sigmoid's address    10 sigmoid
  //   11 mask, and the word read at 7    12 scores    13 which reach the threshold    14 decision, refined word
  // What memories give is in registers before anything is made of it.
  // A lane has a register before each of its own: it is told a cycle before.
  localparam int unsigned Read = 1, K = 3, Sigmoid = 7, Word = 7, Mask = 9, Scored = 12, Reached = 13, Decided = 14;

  logic [Mask:1] mask_q, first_q;
  logic [KWidth-1:0] k_q[1:K];
  logic [8:0] weight_q;
  logic [Decided:1] valid_q;
  token_t token0;
  token_t token_q[1:Decided];
  logic [AddrWidth-1:0] base1_q, addr_q[2:Reached];
  logic [RowWidth+BitWidth-1:0] place_q;
  logic [Slots-1:0][ScoreBits-1:0] score;
  logic [Slots-1:0][ActBits-1:0] refined;
  logic [Slots-1:0] reached;

  assign token0 = '{word: pending_q, last: last_row && (single_q || !pending_q), frame: frame_q};
  assign sums_re_o = mask_q[Read] && first_q[Read];
  assign sums_addr_o = SumsAddrWidth'(place_q);

  always_ff @(posedge clk_i) begin
    {base1_q, place_q} <= {base_q, row_q, first_bit};
    first_q <= {first_q[Mask-1:1], slot_q == '0};
    k_q[1] <= (slot_q <= LastK) ? KWidth'(slot_q) : '0;
    for (int unsigned i = 2; i <= K; i++) k_q[i] <= k_q[i-1];
    weight_q <= weight_i[k_q[K]];
    addr_q[2] <= base1_q + AddrWidth'(place_q);
    for (int unsigned i = 3; i <= Reached; i++) addr_q[i] <= addr_q[i-1];
    token_q[1] <= token0;
    for (int unsigned i = 2; i <= Decided; i++) token_q[i] <= token_q[i-1];
    if (!rst_ni || start_i) {mask_q, valid_q} <= '0;
    else begin
      mask_q <= {mask_q[Mask-1:1], run && pending_q && slot_q <= LastK};
      valid_q <= {valid_q[Decided-1:1], run && (pending_q ? slot_end : last_row)};
    end
  end

  for (genvar i = 0; i < int'(Slots); i++) begin : gen_lane
    rsnn_mask #(
      .Embeddings(Embeddings), .ActBits(ActBits), .SumsBits(SumsBits), .LoadBits(LoadBits), .SigmoidFile(SigmoidFile)
    ) u_mask (
      .clk_i, .sums_i(sums_data_i[i]), .k_i(k_q[K]), .weight_i(weight_q), .mask_shift_i(layer_i.mask_shift),
      .sigmoid_re_i(mask_q[Sigmoid]), .add_i(mask_q[Mask]), .first_i(first_q[Mask]), .x_i(mem_data_i[i]),
      .threshold_i(layer_i.threshold), .refine_shift_i(layer_i.refine_shift), .refine_max_i(layer_i.refine_max),
      .score_o(score[i]), .reached_o(reached[i]), .refined_o(refined[i]),
      .load_i(load_i[rsnn_pkg::SigmoidMemory]), .load_addr_i, .load_data_i
    );
  end

  // ---- The port of the store: words are read, and refined ones written where it is free, one cycle later at most.
  logic write, write_q, reads_q;
  logic [AddrWidth-1:0] write_addr_q;

  assign write = valid_q[Reached] && token_q[Reached].word;
  assign write_o = write_q && !reads_q;
  assign mem_addr_o = write_o ? write_addr_q : addr_q[Word];

  always_ff @(posedge clk_i) begin
    if (write) {write_addr_q, write_data_o} <= {addr_q[Reached], refined};
    reads_q <= rst_ni && !start_i && valid_q[Word-1] && token_q[Word-1].word;
    write_q <= rst_ni && ((write && layer_i.refined) || (write_q && !write_o));
  end

  // ---- The decision. What a frame still has on its way once it is decided is of no interest.
  logic current, no_threshold_q, over_word_q, over_q;

  assign current = valid_q[Decided] && token_q[Decided].frame == score_frame_q;
  assign decided = current && (token_q[Decided].last || (over_word_q && !whole));

  always_ff @(posedge clk_i) begin
    no_threshold_q <= layer_i.threshold == '0;
    over_word_q <= (token_q[Reached].word && reached != '0) || no_threshold_q;
    if (start_i) score_frame_q <= '0;
    else if (decided) score_frame_q <= score_frame_q + 1'b1;
    if (start_i || decided) over_q <= 1'b0;
    else if (current) over_q <= over_word_q || over_q;
  end

  // ---- Relative: the largest score of each frame; once the window's is known, the frames are compared one a cycle.
  logic relative_known, relative_keep;
  logic [FrameWidth-1:0] relative_frame;

  if (Relative) begin : gen_relative
    localparam int unsigned Cycles = rsnn_pkg::largest_cycles(Slots);
    logic [ScoreBits-1:0] largest, best, best_q, best_of_all_q, stored, stored_q;
    logic [ScoreBits+8:0] limit_q;
    logic [FrameWidth-1:0] ended_frame_q, at_q, at1_q, at2_q;
    logic [Cycles-1:0] scored_q;
    token_t scored_token_q[Cycles];
    token_t token;
    logic valid, fresh_q, ended_q, read_q, read1_q, read2_q;

    rsnn_largest #(.Width(ScoreBits), .Count(Slots)) u_largest (.clk_i, .value_i(score), .value_o(largest));
    assign valid = scored_q[Cycles-1];
    assign token = scored_token_q[Cycles-1];
    assign best = fresh_q ? '0 : best_q;

    rsnn_ram #(.Width(ScoreBits), .Depth(Frames)) u_scores (
      .clk_i, .re_i(read_q), .raddr_i(at_q), .rdata_o(stored),
      .we_i(ended_q), .waddr_i(ended_frame_q), .wdata_i(best_q)
    );
    always_ff @(posedge clk_i) begin
      scored_token_q[0] <= token_q[Scored];
      for (int unsigned i = 1; i < Cycles; i++) scored_token_q[i] <= scored_token_q[i-1];
      if (valid) best_q <= (token.word && largest > best) ? largest : best;
      ended_frame_q <= token.frame;
      // A window without a non-zero is measured against 1, so that its frames are pruned.
      if (start_i) best_of_all_q <= ScoreBits'(1);
      else if (ended_q && best_q > best_of_all_q) best_of_all_q <= best_q;
      limit_q <= (ScoreBits + 9)'(best_of_all_q) * (ScoreBits + 9)'(9'(layer_i.threshold));
      {at2_q, at1_q, stored_q} <= {at1_q, at_q, stored};
      at_q <= read_q ? at_q + 1'b1 : '0;
      if (!rst_ni) {scored_q, ended_q, read2_q, read1_q, read_q} <= '0;
      else begin
        scored_q <= Cycles'({scored_q, valid_q[Scored]});
        ended_q <= valid && token.last;
        {read2_q, read1_q} <= {read1_q, read_q};
        read_q <= (ended_q && ended_frame_q == LastFrame && layer_i.relative) || (read_q && at_q != LastFrame);
      end
      if (!rst_ni || start_i) fresh_q <= 1'b1;
      else if (valid) fresh_q <= token.last;
    end
    assign relative_known = read2_q;
    assign relative_frame = at2_q;
    assign relative_keep = {1'b0, stored_q, 8'd0} >= limit_q;
  end else begin : gen_absolute
    assign {relative_known, relative_keep} = '0;
    assign relative_frame = '0;
  end

  logic [Frames-1:0] known_q;
  assign known_o = start_i ? '0 : known_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      known_q <= '0;
    end else if (relative_known) begin
      known_q[relative_frame] <= 1'b1;
    end else if (decided && !layer_i.relative) begin
      known_q[score_frame_q] <= 1'b1;
    end
    if (relative_known) keep_o[relative_frame] <= relative_keep;
    else if (decided) keep_o[score_frame_q] <= over_word_q || over_q;
  end

  logic unused;
  assign unused = ^{layer_i, load_i, token_q[Decided].word, score, place_q};
endmodule
