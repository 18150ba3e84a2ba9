// The largest of Count unsigned numbers: a tree of comparisons, two levels a cycle.
//   latency    rsnn_pkg::largest_cycles(Count) cycles
//   handshake  none: numbers may come in every cycle
module rsnn_largest #(
  parameter int unsigned Width = 8,
  parameter int unsigned Count = 4,
  localparam int unsigned Cycles = rsnn_pkg::largest_cycles(Count)
) (
  input  logic                        clk_i,
  input  logic [Count-1:0][Width-1:0] value_i,
  output logic [Width-1:0]            value_o
);
  localparam int unsigned Leaves = 1 << (2 * Cycles);

  function automatic logic [Width-1:0] larger(logic [Width-1:0] a, logic [Width-1:0] b);
    return (a > b) ? a : b;
  endfunction

  // Level 0 has a place for each number, and zeros; each one behind it a quarter of the places, in registers.
  for (genvar level = 0; level <= int'(Cycles); level++) begin : gen_level
    localparam int unsigned Places = Leaves >> (2 * level);
    logic [Places-1:0][Width-1:0] value;
    if (level == 0) begin : gen_leaves
      assign value = (Leaves * Width)'(value_i);
    end else begin : gen_nodes
      for (genvar at = 0; at < int'(Places); at++) begin : gen_node
        always_ff @(posedge clk_i) begin
          value[at] <= larger(
            larger(gen_level[level-1].value[4*at], gen_level[level-1].value[4*at+1]),
            larger(gen_level[level-1].value[4*at+2], gen_level[level-1].value[4*at+3])
          );
        end
      end
    end
  end
  assign value_o = gen_level[Cycles].value[0];
endmodule
