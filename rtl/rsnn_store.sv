// rsnn_dual_ram with registers ahead of both ports. The activation stores are such.
//   latency    both ports: three cycles; a_data_o is held until that of the next read, b_data_o is of one cycle alone
//   handshake  as rsnn_dual_ram
// A kept hierarchy has registers of its own: an address on its way over the device has one beside each memory.
(* keep_hierarchy = "yes" *)
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
  logic a_re_q, b_we_q;
  logic [AddrWidth-1:0] a_addr_q, b_addr_q;
  logic [Width-1:0] b_data_q;

  always_ff @(posedge clk_i) begin
    {a_re_q, b_we_q} <= {a_re_i, b_we_i};
    {a_addr_q, b_addr_q, b_data_q} <= {a_addr_i, b_addr_i, b_data_i};
  end

  rsnn_dual_ram #(.Width(Width), .Depth(Depth)) u_ram (
    .clk_i, .a_re_i(a_re_q), .a_addr_i(a_addr_q), .a_data_o, .b_we_i(b_we_q), .b_addr_i(b_addr_q), .b_data_i(b_data_q),
    .b_data_o
  );
endmodule
