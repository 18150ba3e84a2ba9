// One LIAF or LIF neuron: output and reset of a membrane.
// Contract: python/razorsnn/ops/neuron.py.
//   latency    u_i to reset_u_o: 1 cycle; u_i to y_o and saturated_o: 2 cycles; one membrane a cycle
module rsnn_neuron #(
  parameter int unsigned MembraneBits = 16,
  parameter int unsigned OutBits = 4
) (
  input  logic                           clk_i,
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

  logic [RoundBits-1:0] doubled, below, cut_q, half_up, rounded;
  logic signed [MembraneBits-1:0] u_q, above_q;
  logic signed [MembraneBits:0] above;
  logic s_q, exact_q, saturated;

  // Half up: the bit below the cut decides. Shifted left by one first, so that a shift of 0 needs no case.
  assign doubled = u_i[MembraneBits-1] ? '0 : RoundBits'(unsigned'(u_i)) << 1;
  assign below = ~({RoundBits{1'b1}} << out_shift_i);

  assign above = (MembraneBits + 1)'(u_i) - (MembraneBits + 1)'(v_th_i);
  always_ff @(posedge clk_i) begin
    u_q <= u_i;
    s_q <= !above[MembraneBits];
    above_q <= MembraneBits'(above);
    cut_q <= doubled >> out_shift_i;
    exact_q <= (doubled & below) == '0;
  end

  // A tie: the bit below the cut is set and none below it. Where half up made it odd, its even neighbour is one less.
  assign half_up = (cut_q + 1'b1) >> 1;
  assign rounded = {half_up[RoundBits-1:1], half_up[0] && !(ties_even_i && cut_q[0] && exact_q)};
  assign saturated = !spike_i && rounded > RoundBits'(out_max_i);

  always_ff @(posedge clk_i) begin
    saturated_o <= saturated;
    y_o <= spike_i ? OutBits'(s_q) : saturated ? OutBits'(out_max_i) : OutBits'(rounded);
  end

  always_comb begin
    reset_u_o = u_q;
    if (s_q) begin
      unique case (reset_i)
        2'd1: reset_u_o = v_th_i;
        2'd2: reset_u_o = above_q;
        default: reset_u_o = '0;
      endcase
    end
  end
endmodule
