// Memory with two ports: one reads, the other reads where it does not write. The activation stores are such.
//   latency    a_data_o: the cycle after a_re_i, held until the next read; b_data_o: the cycle after, of that cycle alone
//   handshake  a word that one port reads while the other writes it is of no use: so block RAMs need no logic around them
module rsnn_store #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 a_re_i,
  input  logic [AddrWidth-1:0] a_addr_i,
  output logic [Width-1:0]     a_data_o,
  input  logic                 b_we_i,
  input  logic [AddrWidth-1:0] b_addr_i,
  input  logic [Width-1:0]     b_data_i,
  output logic [Width-1:0]     b_data_o
);
  (* no_rw_check, ram_style = (Depth >= rsnn_pkg::BlockRamDepth) ? "block" : "auto" *)
  logic [Width-1:0] mem [Depth];

  always_ff @(posedge clk_i) begin
    if (b_we_i) mem[b_addr_i] <= b_data_i;
    else b_data_o <= mem[b_addr_i];
    if (a_re_i) a_data_o <= mem[a_addr_i];
  end
endmodule
