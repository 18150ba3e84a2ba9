// Tally gate: keeps a frame for its largest activation or for their sum, found as the layer before puts them out.
// Contract: python/razorsnn/ops/tally.py.
//   order      words of a frame in any order, frames from 0 on
//   shapes     two sets of keep bits: a layer's own are read while those of the layer behind it are found. odd_i: of the
//              layer that puts out; keep_o is what the layer before put together
//   latency    a frame's bit is in 3 cycles after its last word
//   handshake  none: a word may come in every cycle. All Frames frames of a layer come before odd_i changes and 3 cycles
//              later its bits are whole; where layers take turns frame by frame, the highest bit is that of the last one; peak_i and limit_i hold from a layer's first word until its last
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

  // ---- Stage 1: of a word, stage 2: of the frame so far, stage 3: the frame's bit.
  logic [Slots-1:0] reached;
  logic [WordBits-1:0] sum, sum1_q;
  logic [rsnn_pkg::TallyBits-1:0] sum2_q, limit1_q, limit2_q;
  logic word1_q, last1_q, reached1_q, reached2_q, peak1_q, peak2_q, odd1_q, odd2_q, ended2_q, fresh_q, kept;
  logic [1:0][Frames-1:0] keep_q;

  always_comb begin
    sum = '0;
    for (int unsigned i = 0; i < Slots; i++) begin
      reached[i] = rsnn_pkg::TallyBits'(data_i[i]) >= limit_i;
      sum += WordBits'(data_i[i]);
    end
  end
  assign kept = peak2_q ? reached2_q : sum2_q >= limit2_q;

  always_ff @(posedge clk_i) begin
    {reached1_q, sum1_q} <= {reached != '0, sum};
    {limit2_q, limit1_q} <= {limit1_q, limit_i};
    {peak2_q, peak1_q, odd2_q, odd1_q} <= {peak1_q, peak_i, odd1_q, odd_i};
    if (word1_q) begin
      reached2_q <= reached1_q || (reached2_q && !fresh_q);
      sum2_q <= rsnn_pkg::TallyBits'(sum1_q) + (fresh_q ? '0 : sum2_q);
    end
    // The last frame has the highest bit, so the first one the lowest once all have come.
    if (ended2_q) keep_q[odd2_q] <= Frames'({kept, keep_q[odd2_q]} >> 1);
    if (!rst_ni) begin
      {word1_q, last1_q, ended2_q} <= '0;
      fresh_q <= 1'b1;
    end else begin
      {word1_q, last1_q, ended2_q} <= {word_i, word_i && last_i, last1_q};
      if (word1_q) fresh_q <= last1_q;
    end
  end

  assign keep_o = keep_q[!odd_i];
endmodule
