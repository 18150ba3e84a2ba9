// How many bits are set, of 3 at most: a tree, so that flags such as "the last one" are soon there.
//   latency    none
//   handshake  none
module rsnn_few #(
  parameter int unsigned Width = 16
) (
  input  logic [Width-1:0] bits_i,
  output logic [1:0]       count_o
);
  localparam int unsigned Levels = $clog2(Width);
  localparam int unsigned Leaves = 1 << Levels;

  function automatic logic [1:0] sum(logic [1:0] a, logic [1:0] b);
    logic [2:0] all;
    all = {1'b0, a} + {1'b0, b};
    return all[2] ? 2'd3 : all[1:0];
  endfunction

  logic [Leaves-1:0] bits;
  assign bits = Leaves'(bits_i);
  for (genvar level = 0; level <= int'(Levels); level++) begin : gen_level
    localparam int unsigned Places = Leaves >> level;
    logic [Places-1:0][1:0] count;
    if (level == 0) begin : gen_leaves
      for (genvar at = 0; at < int'(Places); at++) begin : gen_leaf
        assign count[at] = {1'b0, bits[at]};
      end
    end else begin : gen_nodes
      for (genvar at = 0; at < int'(Places); at++) begin : gen_node
        assign count[at] = sum(gen_level[level-1].count[2*at], gen_level[level-1].count[2*at+1]);
      end
    end
  end
  assign count_o = gen_level[Levels].count[0];
endmodule
