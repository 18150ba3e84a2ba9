// The one lossy step: shift right, round half up, saturate to a signed width.
// Contract: python/razorsnn/fixed.py, `cast`.
//   latency    2 cycles: the shift in one, rounding and saturation in the other
//   handshake  none: one a cycle
module rsnn_cast #(
  parameter int unsigned InBits = 16,
  parameter int unsigned OutBits = 8
) (
  input  logic                      clk_i,
  input  logic signed [InBits-1:0]  value_i,
  input  logic [4:0]                shift_i,
  output logic signed [OutBits-1:0] value_o
);
  localparam int unsigned WideBits = ((InBits > OutBits) ? InBits : OutBits) + 2;
  localparam logic signed [OutBits-1:0] High = {1'b0, {(OutBits - 1) {1'b1}}};
  localparam logic signed [OutBits-1:0] Low = ~High;

  logic signed [WideBits-1:0] doubled, cut_q;
  logic signed [OutBits-1:0] half_up;
  logic fits;

  // Half up: the bit below the cut decides. Doubled first, so that a shift of 0 needs no case.
  assign doubled = WideBits'(value_i) <<< 1;
  always_ff @(posedge clk_i) cut_q <= doubled >>> shift_i;

  // What fits has its sign in all upper bits, and is not rounded up beyond the highest.
  assign half_up = cut_q[OutBits:1] + OutBits'(cut_q[0]);
  assign fits = (cut_q[WideBits-1:OutBits] == '0 && cut_q[OutBits-1:0] != '1) || cut_q[WideBits-1:OutBits] == '1
             || (cut_q[WideBits-1:OutBits+1] == '1 && cut_q[OutBits:0] == {1'b0, {OutBits{1'b1}}});
  always_ff @(posedge clk_i) value_o <= fits ? half_up : cut_q[WideBits-1] ? Low : High;
endmodule
