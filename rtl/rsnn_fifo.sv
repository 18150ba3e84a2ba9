// First in, first out, with a register at its output: `Depth` words wait behind the one that is offered.
//   latency    in_valid_i to out_valid_o: 1 cycle where nothing waits
//   handshake  valid/ready on both sides; in_ready_o does not depend on out_ready_i; out_valid_o is low only where no
//              word waits
module rsnn_fifo #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [Width-1:0] in_data_i,
  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [Width-1:0] out_data_o
);
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int unsigned CountWidth = $clog2(Depth + 1);
  localparam logic [AddrWidth-1:0] Last = AddrWidth'(Depth - 1);

  logic [Width-1:0] mem [Depth];
  logic [AddrWidth-1:0] write_q, read_q;
  logic [CountWidth-1:0] count_q;
  logic take, waits_q, full_q, push, pop;

  assign in_ready_o = !full_q;
  assign take = !out_valid_o || out_ready_i;
  assign pop = take && waits_q;
  assign push = in_valid_i && in_ready_o && !(take && !waits_q);

  always_ff @(posedge clk_i) begin
    if (push) mem[write_q] <= in_data_i;
    if (take) out_data_o <= waits_q ? mem[read_q] : in_data_i;
    if (!rst_ni) begin
      out_valid_o <= 1'b0;
      write_q <= '0;
      read_q <= '0;
      count_q <= '0;
      {waits_q, full_q} <= '0;
    end else begin
      if (take) out_valid_o <= waits_q || in_valid_i;
      if (push) write_q <= (write_q == Last) ? '0 : write_q + 1'b1;
      if (pop) read_q <= (read_q == Last) ? '0 : read_q + 1'b1;
      // What the count will be is not waited for.
      if (push && !pop) begin
        count_q <= count_q + 1'b1;
        waits_q <= 1'b1;
        full_q <= count_q == CountWidth'(Depth - 1);
      end else if (pop && !push) begin
        count_q <= count_q - 1'b1;
        waits_q <= count_q != CountWidth'(1);
        full_q <= 1'b0;
      end
    end
  end
endmodule
