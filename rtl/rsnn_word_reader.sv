// Reads `count_i` words of a memory from `base_i` on, one a cycle as long as they are taken.
//   latency    start_i to the first valid_o: 3 cycles; the memory is one of two cycles, whose first stage mem_move_o empties
//   handshake  valid_o/ready_i; word_o is held until taken; last_o marks the last word; busy_o until it is taken
module rsnn_word_reader #(
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned WordWidth = 16
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 start_i,
  input  logic [AddrWidth-1:0] base_i,
  input  logic [AddrWidth:0]   count_i,
  output logic                 mem_re_o,
  output logic [AddrWidth-1:0] mem_addr_o,
  output logic                 mem_move_o,
  input  logic [WordWidth-1:0] mem_data_i,
  output logic                 valid_o,
  input  logic                 ready_i,
  output logic [WordWidth-1:0] word_o,
  output logic                 last_o,
  output logic                 busy_o
);
  logic [AddrWidth-1:0] addr_q;
  logic [AddrWidth:0] left_q;
  logic read_q, full_q;

  assign mem_re_o = (left_q != '0) && (!read_q || mem_move_o);
  assign mem_addr_o = addr_q;
  assign mem_move_o = !full_q || ready_i;
  assign word_o = mem_data_i;
  assign valid_o = full_q;
  assign last_o = full_q && !read_q && (left_q == '0);
  assign busy_o = full_q || read_q || (left_q != '0);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      {full_q, read_q} <= '0;
      addr_q <= '0;
    end else begin
      if (mem_move_o) full_q <= read_q;
      read_q <= mem_re_o || (read_q && !mem_move_o);
      if (start_i) begin
        addr_q <= base_i;
        left_q <= count_i;
      end else if (mem_re_o) begin
        addr_q <= addr_q + 1'b1;
        left_q <= left_q - 1'b1;
      end
    end
  end
endmodule
