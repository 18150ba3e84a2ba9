// Memory with contents that a load replaces, of which several words are read a cycle: two of each copy of it.
//   place      as rsnn_deep_ram, contents too
//   latency    read data two cycles after re_i
//   handshake  what is read while a load is written is of no use
module rsnn_many_rom #(
  parameter int unsigned Reads = 1,
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  parameter string InitFile = "",
  parameter int unsigned LoadBits = 32,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                            clk_i,
  input  logic                            re_i,
  input  logic [Reads-1:0][AddrWidth-1:0] addr_i,
  output logic [Reads-1:0][Width-1:0]     data_o,
  input  logic                            load_i,
  input  logic [23:0]                     load_addr_i,
  input  logic [LoadBits-1:0]             load_data_i
);
  if (Reads == 1) begin : gen_one
    rsnn_deep_ram #(.Width(Width), .Depth(Depth), .InitFile(InitFile)) u_ram (
      .clk_i, .re_i, .raddr_i(addr_i), .rdata_o(data_o),
      .we_i(load_i), .waddr_i(AddrWidth'(load_addr_i)), .wdata_i(Width'(load_data_i))
    );
  end else begin : gen_pairs
    for (genvar copy = 0; copy < int'(Reads) / 2; copy++) begin : gen_copy
      rsnn_dual_ram #(.Width(Width), .Depth(Depth), .InitFile(InitFile)) u_ram (
        .clk_i, .a_re_i(re_i), .a_addr_i(addr_i[2*copy]), .a_data_o(data_o[2*copy]),
        .b_we_i(load_i), .b_addr_i(load_i ? AddrWidth'(load_addr_i) : addr_i[2*copy+1]),
        .b_data_i(Width'(load_data_i)), .b_data_o(data_o[2*copy+1])
      );
    end
  end

  // The bus is as wide as the widest memory.
  logic unused;
  assign unused = ^{load_addr_i, load_data_i};
endmodule
