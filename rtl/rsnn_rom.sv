// Read-only memory with contents from a hex file: rsnn_ram whose write port is tied off.
//   latency    read data the cycle after re_i, held until the next read
module rsnn_rom #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  parameter string InitFile = "",
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 re_i,
  input  logic [AddrWidth-1:0] addr_i,
  output logic [Width-1:0]     data_o
);
  rsnn_ram #(.Width(Width), .Depth(Depth), .InitFile(InitFile)) u_ram (
    .clk_i, .re_i, .raddr_i(addr_i), .rdata_o(data_o), .we_i(1'b0), .waddr_i('0), .wdata_i('0)
  );
endmodule
