// Read-modify-write memory, one access a cycle: the home of all forwarding.
//   stage 0    valid_i, addr_i
//   stage 1    read_o: the word as stored, stale if one of the two accesses before wrote it; held until the next access
//   stage 2    old_o: the word, with what the two accesses before wrote; new_i is stored if write_i
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
  logic [AddrWidth-1:0] addr1_q, addr2_q, addr3_q, addr4_q;
  logic valid1_q, valid2_q, wrote3_q, wrote4_q;
  logic [Width-1:0] read2_q, wrote3_data_q, wrote4_data_q;
  logic write;

  assign write = valid2_q && write_i;

  rsnn_ram #(.Width(Width), .Depth(Depth)) u_ram (
    .clk_i, .re_i(valid_i), .raddr_i(addr_i), .rdata_o(read_o),
    .we_i(write), .waddr_i(addr2_q), .wdata_i(new_i)
  );

  always_comb begin
    old_o = read2_q;
    if (wrote4_q && addr4_q == addr2_q) old_o = wrote4_data_q;
    if (wrote3_q && addr3_q == addr2_q) old_o = wrote3_data_q;
  end

  always_ff @(posedge clk_i) begin
    addr1_q <= addr_i;
    addr2_q <= addr1_q;
    addr3_q <= addr2_q;
    addr4_q <= addr3_q;
    read2_q <= read_o;
    wrote3_data_q <= new_i;
    wrote4_data_q <= wrote3_data_q;
    if (!rst_ni) begin
      {valid1_q, valid2_q, wrote3_q, wrote4_q} <= '0;
    end else begin
      valid1_q <= valid_i;
      valid2_q <= valid1_q;
      wrote3_q <= write;
      wrote4_q <= wrote3_q;
    end
  end
endmodule
