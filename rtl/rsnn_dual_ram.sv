// Memory with two ports: one reads, the other reads where it does not write. In banks as rsnn_deep_ram.
//   place      as rsnn_deep_ram, contents too
//   latency    both ports: two cycles; a_data_o is held until that of the next read, b_data_o is of one cycle alone
//   handshake  a word that one port reads while the other writes it is of no use: so block RAMs need no logic around them
module rsnn_dual_ram #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  parameter string InitFile = "",
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
  localparam int unsigned BankDepth = rsnn_pkg::bank_depth(Depth);
  localparam int unsigned Banks = (Depth + BankDepth - 1) / BankDepth;
  localparam int unsigned BankWidth = (BankDepth > 1) ? $clog2(BankDepth) : 1;

  logic [3:0][Width-1:0] a_data_q, b_data_q;
  logic [1:0] a_bank1_q, a_bank2_q, b_bank1_q, b_bank2_q;

  for (genvar bank = 0; bank < 4; bank++) begin : gen_bank
    if (bank < int'(Banks)) begin : gen_words
      localparam int unsigned Words = (bank < int'(Banks) - 1) ? BankDepth : Depth - (Banks - 1) * BankDepth;
      localparam int unsigned WordWidth = (Words > 1) ? $clog2(Words) : 1;
      (* no_rw_check, ram_style = (Depth >= rsnn_pkg::BlockRamDepth) ? "block" : "auto" *)
      logic [Width-1:0] mem [Words];
      logic [Width-1:0] a_data, b_data;

      if (InitFile != "") begin : gen_init
        localparam string File = (Banks == 1) ? InitFile : {InitFile, ".", "0" + 8'(bank)};
        initial $readmemh(File, mem);
      end

      always_ff @(posedge clk_i) begin
        if (b_we_i && 2'(32'(b_addr_i) >> BankWidth) == 2'(bank)) mem[WordWidth'(b_addr_i)] <= b_data_i;
        else b_data <= mem[WordWidth'(b_addr_i)];
        if (a_re_i) a_data <= mem[WordWidth'(a_addr_i)];
        a_data_q[bank] <= a_data;
        b_data_q[bank] <= b_data;
      end
    end else begin : gen_none
      assign a_data_q[bank] = '0;
      assign b_data_q[bank] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (a_re_i) a_bank1_q <= 2'(32'(a_addr_i) >> BankWidth);
    a_bank2_q <= a_bank1_q;
    {b_bank2_q, b_bank1_q} <= {b_bank1_q, 2'(32'(b_addr_i) >> BankWidth)};
  end
  assign a_data_o = (Banks == 1) ? a_data_q[0] : a_data_q[a_bank2_q];
  assign b_data_o = (Banks == 1) ? b_data_q[0] : b_data_q[b_bank2_q];
endmodule
