// The one lossy step: shift right, round half up, saturate to a signed width. Combinational.
// Contract: python/razorsnn/fixed.py, `cast`.
module rsnn_cast #(
  parameter int unsigned InBits = 16,
  parameter int unsigned OutBits = 8
) (
  input  logic signed [InBits-1:0]  value_i,
  input  logic [4:0]                shift_i,
  output logic signed [OutBits-1:0] value_o
);
  localparam int unsigned WideBits = ((InBits > OutBits) ? InBits : OutBits) + 2;
  localparam logic signed [WideBits-1:0] High = WideBits'((1 << (OutBits - 1)) - 1);
  localparam logic signed [WideBits-1:0] Low = -High - 1;

  localparam logic signed [WideBits-1:0] One = WideBits'(1);

  logic signed [WideBits-1:0] doubled, rounded;

  // Half up: the bit below the cut decides. Doubled first, so that a shift of 0 needs no case.
  assign doubled = WideBits'(value_i) <<< 1;
  assign rounded = ((doubled >>> shift_i) + One) >>> 1;
  assign value_o = (rounded > High) ? OutBits'(High) : (rounded < Low) ? OutBits'(Low) : OutBits'(rounded);
endmodule
