// Simple dual-port memory: one synchronous read port, one write port, initial contents from a hex file.
//   place      block RAM from rsnn_pkg::BlockRamDepth words on; a tool chooses for those that are shallower
//   latency    read data the cycle after re_i, held until the next read
//   handshake  a read of the word written in the same cycle gives the old or the new word: callers must not care
module rsnn_ram #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  parameter string InitFile = "",
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 re_i,
  input  logic [AddrWidth-1:0] raddr_i,
  output logic [Width-1:0]     rdata_o,
  input  logic                 we_i,
  input  logic [AddrWidth-1:0] waddr_i,
  input  logic [Width-1:0]     wdata_i
);
  // no_rw_check: else a tool adds registers and a choice a bit, to give the old word.
  (* no_rw_check, ram_style = (Depth >= rsnn_pkg::BlockRamDepth) ? "block" : "auto" *)
  logic [Width-1:0] mem [Depth];

  if (InitFile != "") begin : gen_init
    initial $readmemh(InitFile, mem);
  end

  always_ff @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
    if (re_i) rdata_o <= mem[raddr_i];
  end
endmodule
