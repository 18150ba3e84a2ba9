// Memory with contents from a hex file, which a load replaces: an rsnn_ram that only rsnn_loader writes.
//   latency    read data the cycle after re_i, held until the next read
module rsnn_rom #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  parameter string InitFile = "",
  parameter int unsigned LoadBits = 32,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 re_i,
  input  logic [AddrWidth-1:0] addr_i,
  output logic [Width-1:0]     data_o,
  input  logic                 load_i,
  input  logic [23:0]          load_addr_i,
  input  logic [LoadBits-1:0]  load_data_i
);
  rsnn_ram #(.Width(Width), .Depth(Depth), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(addr_i), .rdata_o(data_o),
    .we_i(load_i), .waddr_i(AddrWidth'(load_addr_i)), .wdata_i(Width'(load_data_i))
  );

  // The bus is as wide as the widest memory.
  logic unused;
  assign unused = ^{load_addr_i, load_data_i};
endmodule
