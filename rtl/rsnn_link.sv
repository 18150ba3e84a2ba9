// Link between two stages: the outputs of the one's last layer, of two windows: one is put together while the other is
// read.
// Contract: docs/architecture.md (stages).
//   order      windows are read in the order in which they were put
//   latency    put_data_i, read_data_o as of rsnn_store; commit_done_o the cycle after commit_i, in which held_o is
//              still that of before
//   handshake  room_o: the next window may be put; it has a slot of its own from running_i on, which commit_i hands
//              over with its keep bits. begun_o: one is put or held; held_o, keep_o: of the one read, until release_i
module rsnn_link #(
  parameter int unsigned Width = 64,
  parameter int unsigned Depth = 168,
  parameter int unsigned Frames = 4,
  parameter int unsigned Gates = 1,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  output logic                         room_o,
  input  logic                         running_i,
  input  logic                         put_we_i,
  input  logic [AddrWidth-1:0]         put_addr_i,
  input  logic [Width-1:0]             put_data_i,
  output logic [Width-1:0]             put_data_o,
  input  logic                         commit_i,
  input  logic [Gates-1:0][Frames-1:0] keep_i,
  output logic                         commit_done_o,
  output logic                         begun_o,
  output logic                         held_o,
  input  logic                         release_i,
  input  logic                         read_re_i,
  input  logic [AddrWidth-1:0]         read_addr_i,
  output logic [Width-1:0]             read_data_o,
  output logic [Gates-1:0][Frames-1:0] keep_o
);
  logic fill_q, drain_q;
  logic [1:0] held_q;
  logic [1:0][Gates-1:0][Frames-1:0] keep_q;
  logic [1:0][Width-1:0] read_data, put_data;

  assign room_o = !held_q[1];
  assign begun_o = running_i || held_q != '0;
  assign held_o = held_q != '0;
  assign keep_o = keep_q[drain_q];
  assign read_data_o = read_data[drain_q];
  assign put_data_o = put_data[fill_q];

  always_ff @(posedge clk_i) begin
    if (commit_i) keep_q[fill_q] <= keep_i;
    if (!rst_ni) begin
      {fill_q, drain_q, commit_done_o} <= '0;
      held_q <= '0;
    end else begin
      commit_done_o <= commit_i;
      held_q <= held_q + 2'(commit_done_o) - 2'(release_i);
      fill_q <= fill_q ^ commit_done_o;
      drain_q <= drain_q ^ release_i;
    end
  end

  for (genvar slot = 0; slot < 2; slot++) begin : gen_slot
    rsnn_store #(.Width(Width), .Depth(Depth)) u_words (
      .clk_i, .a_re_i(read_re_i && drain_q == 1'(slot)), .a_addr_i(read_addr_i),
      .a_data_o(read_data[slot]), .b_we_i(put_we_i && fill_q == 1'(slot)), .b_addr_i(put_addr_i), .b_data_i(put_data_i),
      .b_data_o(put_data[slot])
    );
  end
endmodule
