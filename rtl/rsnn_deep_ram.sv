// Memory that may be deep, in up to four banks with a register behind each: reading a block RAM takes most of a cycle,
// and choosing one of several after that too long. One synchronous read port, one write port.
//   place      as rsnn_ram; a bank has rsnn_pkg::bank_depth(Depth) words. Contents: InitFile, or InitFile.0 to InitFile.3,
//              a file a bank
//   latency    read data two cycles after re_i, held until that of the next read
//   handshake  a read of the word written in the same cycle gives the old or the new word: callers must not care
module rsnn_deep_ram #(
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
  localparam int unsigned BankDepth = rsnn_pkg::bank_depth(Depth);
  localparam int unsigned Banks = (Depth + BankDepth - 1) / BankDepth;
  localparam int unsigned BankWidth = (BankDepth > 1) ? $clog2(BankDepth) : 1;

  logic [3:0][Width-1:0] data_q;
  logic [1:0] bank1_q, bank2_q;

  for (genvar bank = 0; bank < 4; bank++) begin : gen_bank
    if (bank < int'(Banks)) begin : gen_words
      localparam int unsigned Words = (bank < int'(Banks) - 1) ? BankDepth : Depth - (Banks - 1) * BankDepth;
      localparam int unsigned WordWidth = (Words > 1) ? $clog2(Words) : 1;
      localparam string File = (InitFile == "" || Banks == 1) ? InitFile : {InitFile, ".", "0" + 8'(bank)};
      logic [Width-1:0] data;
      rsnn_ram #(.Width(Width), .Depth(Words), .InitFile(File)) u_ram (
        .clk_i, .re_i, .raddr_i(WordWidth'(raddr_i)), .rdata_o(data),
        .we_i(we_i && 2'(32'(waddr_i) >> BankWidth) == 2'(bank)), .waddr_i(WordWidth'(waddr_i)), .wdata_i
      );
      always_ff @(posedge clk_i) data_q[bank] <= data;
    end else begin : gen_none
      assign data_q[bank] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (re_i) bank1_q <= 2'(32'(raddr_i) >> BankWidth);
    bank2_q <= bank1_q;
  end
  assign rdata_o = (Banks == 1) ? data_q[0] : data_q[bank2_q];
endmodule
