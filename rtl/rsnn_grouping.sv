// Which activations of a word are taken together, and as which input of an event: those that follow each other in a
// position, Inputs at a time. Of one input each is an event, and nothing is found out.
// Contract: python/razorsnn/ops/words.py (Events.together).
//   equation   as_o[n][i]: activation i is not 0, and those of its position before it that are not 0 are n modulo Inputs. So
//              each bit of as_o[0] begins an event, which the others join up to the next such bit
//   shapes     a position is 2 ** lanes_in_log2_i activations, or the whole word where whole_i
//   latency    2 cycles where there are several inputs, else none
//   handshake  valid/ready on both sides, a word a cycle; busy_o while one is held. whole_i and lanes_in_log2_i hold
//              from the cycle before the first word on
module rsnn_grouping #(
  parameter int unsigned Slots = 4,
  parameter int unsigned Inputs = 1,
  parameter int unsigned ActBits = 4
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  input  logic                               whole_i,
  input  logic [2:0]                         lanes_in_log2_i,
  input  logic                               valid_i,
  output logic                               ready_o,
  input  logic [Slots-1:0][ActBits-1:0]      word_i,
  output logic                               valid_o,
  input  logic                               ready_i,
  output logic [Slots-1:0][ActBits-1:0]      word_o,
  output logic [Inputs-1:0][Slots-1:0]       as_o,
  output logic                               busy_o
);
  logic [Slots-1:0] filled;
  always_comb begin
    for (int unsigned i = 0; i < Slots; i++) filled[i] = |word_i[i];
  end

  if (Inputs == 1) begin : gen_each
    assign {valid_o, ready_o, word_o, as_o[0]} = {valid_i, ready_i, word_i, filled};
    assign busy_o = 1'b0;
    logic unused;
    assign unused = ^{clk_i, rst_ni, whole_i, lanes_in_log2_i};
  end else begin : gen_several
    // Counted modulo Inputs up to each, in blocks of 1, 2, 4, ...: what the lower half of a block holds is added to its upper
    // half, as far as both are of a position. A register lies half way.
    localparam int unsigned Levels = $clog2(Slots), Half = Levels / 2, CountBits = $clog2(Inputs);
    typedef logic [Slots-1:0][CountBits-1:0] counts_t;

    logic valid1_q, valid2_q, ready1;
    logic [Slots-1:0] filled1_q;
    logic [Slots-1:0][ActBits-1:0] word1_q;
    logic [Levels:0] joined_q;  // of each level's blocks, whether they are of one position
    counts_t half_q, counts;

    for (genvar level = 0; level <= int'(Levels); level++) begin : gen_level
      counts_t count, handed;
      for (genvar i = 0; i < int'(Slots); i++) begin : gen_slot
        localparam int unsigned Block = (i << 1) >> level, Begin = (Block << level) >> 1;
        if (level == 0) begin : gen_filled
          assign count[i] = CountBits'(filled[i]);
        end else if (Block % 2 == 1) begin : gen_upper
          assign count[i] = gen_level[level-1].handed[i] + (joined_q[level] ? gen_level[level-1].handed[Begin-1] : '0);
        end else begin : gen_lower
          assign count[i] = gen_level[level-1].handed[i];
        end
      end
      assign handed = (level == int'(Half)) ? half_q : count;
    end
    assign counts = gen_level[Levels].handed;

    // A block of one is of one position.
    logic unused;
    assign unused = joined_q[0];

    assign ready1 = !valid2_q || ready_i;
    assign ready_o = !valid1_q || ready1;
    assign valid_o = valid2_q;
    assign busy_o = valid1_q || valid2_q;
    always_ff @(posedge clk_i) begin
      for (int unsigned level = 0; level <= Levels; level++) joined_q[level] <= whole_i || level <= 32'(lanes_in_log2_i);
      if (ready_o) {word1_q, filled1_q, half_q} <= {word_i, filled, gen_level[Half].count};
      if (ready1) begin
        word_o <= word1_q;
        for (int unsigned n = 0; n < Inputs; n++) begin
          for (int unsigned i = 0; i < Slots; i++) as_o[n][i] <= filled1_q[i] && counts[i] == CountBits'(n + 1);
        end
      end
      if (!rst_ni) {valid1_q, valid2_q} <= '0;
      else begin
        if (ready_o) valid1_q <= valid_i;
        if (ready1) valid2_q <= valid1_q;
      end
    end
  end
endmodule
