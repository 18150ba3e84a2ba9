// One LIAF or LIF neuron: output and reset of a membrane, combinational.
// Contract: python/razorsnn/ops/neuron.py.
module rsnn_neuron #(
  parameter int unsigned MembraneBits = 16,
  parameter int unsigned OutBits = 4
) (
  input  logic signed [MembraneBits-1:0] u_i,
  input  logic signed [MembraneBits-1:0] v_th_i,
  input  logic [1:0]                     reset_i,
  input  logic                           spike_i,
  input  logic                           ties_even_i,
  input  logic [4:0]                     out_shift_i,
  input  logic [7:0]                     out_max_i,
  output logic [OutBits-1:0]             y_o,
  output logic                           saturated_o,
  output logic signed [MembraneBits-1:0] reset_u_o
);
  localparam int unsigned RoundBits = ((MembraneBits > 8) ? MembraneBits : 8) + 2;

  logic s;
  logic tie;
  logic [RoundBits-1:0] positive, doubled, cut, half_up, rounded;

  assign s = u_i >= v_th_i;
  assign positive = u_i[MembraneBits-1] ? '0 : RoundBits'(unsigned'(u_i));
  // Half up: the bit below the cut decides. Shifted left by one first, so that a shift of 0 needs no case.
  assign doubled = positive << 1;
  assign cut = doubled >> out_shift_i;
  assign half_up = (cut + 1'b1) >> 1;
  // A tie: the bit below the cut is set and none below it. Where half up made it odd, its even neighbour is one less.
  assign tie = cut[0] && (cut << out_shift_i) == doubled;
  assign rounded = half_up - RoundBits'(ties_even_i && tie && half_up[0]);
  assign saturated_o = !spike_i && rounded > RoundBits'(out_max_i);
  assign y_o = spike_i ? OutBits'(s) : saturated_o ? OutBits'(out_max_i) : OutBits'(rounded);

  always_comb begin
    reset_u_o = u_i;
    if (s) begin
      unique case (reset_i)
        2'd1: reset_u_o = v_th_i;
        2'd2: reset_u_o = u_i - v_th_i;
        default: reset_u_o = '0;
      endcase
    end
  end
endmodule
