// Reads `count_i` words of a memory from `base_i` on, one a cycle as long as they are taken. It reads ahead: so nothing of
// what stops it is on the way to the memory.
//   latency    start_i to the first valid_o: 6 cycles, of which the memory takes 3
//   handshake  valid_o/ready_i; word_o is held until taken; busy_o until the last word is. start_i only while not busy_o;
//              count_i holds from the cycle before it on
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
  input  logic [WordWidth-1:0] mem_data_i,
  output logic                 valid_o,
  input  logic                 ready_i,
  output logic [WordWidth-1:0] word_o,
  output logic                 busy_o
);
  // A power of two, and more than the 6 words that are on their way where one is taken every cycle.
  localparam int unsigned Ahead = 8;
  localparam int unsigned AheadWidth = $clog2(Ahead) + 1;

  logic [AddrWidth:0] left_q;
  logic [AheadWidth-1:0] ahead_q;
  logic [4:1] read_q;
  logic [4:0] last_q;
  logic more_q, read, one_q, last, word_last, taken, unused_ready;
  logic [AddrWidth:0] count_less_1_q;
  logic [WordWidth-1:0] data_q;

  assign read = more_q && !ahead_q[AheadWidth-1];
  assign last = start_i ? one_q : left_q == (AddrWidth + 1)'(1);
  assign taken = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    // The count holds from a cycle before the start on.
    one_q <= count_i == (AddrWidth + 1)'(1);
    count_less_1_q <= count_i - 1'b1;
    data_q <= mem_data_i;
    if (start_i) {mem_addr_o, left_q} <= {base_i, count_less_1_q};
    else if (read) {mem_addr_o, left_q} <= {mem_addr_o + 1'b1, left_q - 1'b1};
    if (!rst_ni) begin
      {mem_re_o, more_q, read_q, ahead_q, busy_o} <= '0;
    end else begin
      mem_re_o <= start_i || read;
      read_q <= {read_q[3:1], mem_re_o};
      last_q <= {last_q[3:0], last};
      if (start_i || read) more_q <= !last;
      if (start_i || taken) busy_o <= start_i || !word_last;
      ahead_q <= ahead_q + AheadWidth'(start_i || read) - AheadWidth'(taken);
    end
  end

  rsnn_fifo #(.Width(WordWidth + 1), .Depth(Ahead - 1)) u_words (
    .clk_i, .rst_ni, .in_valid_i(read_q[4]), .in_ready_o(unused_ready), .in_data_i({last_q[4], data_q}),
    .out_valid_o(valid_o), .out_ready_i(ready_i), .out_data_o({word_last, word_o})
  );
endmodule
