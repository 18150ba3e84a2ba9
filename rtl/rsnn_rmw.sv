// Read-modify-write memory, one access a cycle.
//   stage 0    valid_i, addr_i
//   stage 2    write_i: whether new_i will be stored. read_o: the word as stored, stale if one of the three accesses before
//              wrote it; held until that of the next access
//   stage 3    old_o: the word, with what all accesses before wrote; new_i is stored
//   handshake  none: never stalls
module rsnn_rmw #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 valid_i,
  input  logic [AddrWidth-1:0] addr_i,
  output logic [Width-1:0]     read_o,
  output logic [Width-1:0]     old_o,
  input  logic                 write_i,
  input  logic [Width-1:0]     new_i
);
  logic [AddrWidth-1:0] addr1_q, addr2_q;
  logic valid1_q, valid2_q;

  rsnn_forward #(.Width(Width), .Depth(Depth)) u_words (
    .clk_i, .re_i(valid_i), .raddr_i(addr_i), .stored_o(read_o), .data_o(old_o),
    .we_i(valid2_q && write_i), .waddr_i(addr2_q), .wdata_i(new_i)
  );

  always_ff @(posedge clk_i) begin
    {addr2_q, addr1_q} <= {addr1_q, addr_i};
    if (!rst_ni) {valid2_q, valid1_q} <= '0;
    else {valid2_q, valid1_q} <= {valid1_q, valid_i};
  end
endmodule
