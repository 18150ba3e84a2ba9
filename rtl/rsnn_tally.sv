// Tally gate: keeps a frame for its largest activation or for their sum, found as the layer before puts them out.
// Contract: python/razorsnn/ops/tally.py.
//   order      words of a frame in any order, frames from 0 on
//   shapes     two sets of keep bits: a layer's own are read while those of the layer behind it are found. odd_i: of the
//              layer that puts out; keep_o is what the layer before put together
//   latency    a frame's bit is put out 3 cycles after its last word
//   handshake  none: a word may come in every cycle. All Frames frames of a layer come before odd_i changes and 3 cycles
//              later its bits are whole; where layers take turns frame by frame, the highest bit is that of the last one;
//              peak_i and limit_i hold from a layer's first word until its last
module rsnn_tally #(
  parameter int unsigned Slots = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned Frames = 4
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  input  logic                             peak_i,
  input  logic [rsnn_pkg::TallyBits-1:0]   limit_i,
  input  logic                             odd_i,
  input  logic                             word_i,
  input  logic                             last_i,
  input  logic [Slots-1:0][ActBits-1:0]    data_i,
  output logic [Frames-1:0]                keep_o
);
  localparam int unsigned WordBits = ActBits + $clog2(Slots);

  // ---- Stage 1: a word as it comes, stage 2: what is in it, stage 3: the frame so far, less the limit: its sign tells.
  logic [Slots-1:0][ActBits-1:0] data1_q;
  logic [Slots-1:0] reached;
  logic [WordBits-1:0] sum, sum2_q;
  logic signed [rsnn_pkg::TallyBits:0] above3_q;
  logic [rsnn_pkg::TallyBits-1:0] limit1_q, limit2_q;
  logic [3:1] peak_q, odd_q;
  logic word1_q, word2_q, last1_q, last2_q, ended3_q, reached2_q, reached3_q, fresh_q, kept;
  logic [1:0][Frames-1:0] keep_q;
  logic [Frames-1:0] with_it;

  always_comb begin
    sum = '0;
    for (int unsigned i = 0; i < Slots; i++) begin
      reached[i] = rsnn_pkg::TallyBits'(data1_q[i]) >= limit1_q;
      sum += WordBits'(data1_q[i]);
    end
  end

  always_ff @(posedge clk_i) begin
    data1_q <= data_i;
    {reached2_q, sum2_q} <= {reached != '0, sum};
    {limit2_q, limit1_q} <= {limit1_q, limit_i};
    {peak_q, odd_q} <= {peak_q[2:1], peak_i, odd_q[2:1], odd_i};
    if (word2_q) begin
      reached3_q <= reached2_q || (reached3_q && !fresh_q);
      above3_q <= signed'((rsnn_pkg::TallyBits + 1)'(sum2_q)) + (fresh_q ? -signed'({1'b0, limit2_q}) : above3_q);
    end
    if (!rst_ni) begin
      {word1_q, word2_q, last1_q, last2_q, ended3_q} <= '0;
      fresh_q <= 1'b1;
    end else begin
      {word2_q, word1_q, last2_q, last1_q} <= {word1_q, word_i, last1_q, word_i && last_i};
      ended3_q <= last2_q;
      if (word2_q) fresh_q <= last2_q;
    end
  end

  // A bit is put out before it is in. The last frame has the highest bit, so the first one the lowest once all have come.
  assign kept = peak_q[3] ? reached3_q : !above3_q[rsnn_pkg::TallyBits];
  assign with_it = Frames'({kept, keep_q[odd_q[3]]} >> 1);
  assign keep_o = (ended3_q && odd_q[3] != odd_i) ? with_it : keep_q[!odd_i];
  always_ff @(posedge clk_i) begin
    if (ended3_q) keep_q[odd_q[3]] <= with_it;
  end
endmodule
