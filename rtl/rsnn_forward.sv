// Memory whose reads see every earlier write: the home of all forwarding. One read and one write a cycle.
//   latency    stored_o two cycles after re_i: the word as stored, stale if it was written since the cycle before re_i; it is
//              held, as rdata_o of rsnn_deep_ram. data_o three cycles after re_i: with every write of the cycles before it
//   handshake  none: never stalls. we_i and waddr_i come a cycle before their wdata_i
module rsnn_forward #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                 clk_i,
  input  logic                 re_i,
  input  logic [AddrWidth-1:0] raddr_i,
  output logic [Width-1:0]     stored_o,
  output logic [Width-1:0]     data_o,
  input  logic                 we_i,
  input  logic [AddrWidth-1:0] waddr_i,
  input  logic [Width-1:0]     wdata_i
);
  logic [AddrWidth-1:0] raddr1_q, waddr_q;
  logic [Width-1:0] written1_q, written2_q;
  logic we_q, hit_with1_q, hit_with2_q, hit_after1_q, hit_after2_q, hit_now_q;

  rsnn_deep_ram #(.Width(Width), .Depth(Depth)) u_ram (
    .clk_i, .re_i, .raddr_i, .rdata_o(stored_o), .we_i(we_q), .waddr_i(waddr_q), .wdata_i
  );

  // A write in the cycle of the read, in the one after, and in that in which the word is there: compared before it comes.
  always_ff @(posedge clk_i) begin
    {we_q, waddr_q, raddr1_q} <= {we_i, waddr_i, raddr_i};
    {hit_with2_q, hit_with1_q} <= {hit_with1_q, we_q && waddr_q == raddr_i};
    {hit_after2_q, hit_after1_q} <= {hit_after1_q, we_i && waddr_i == raddr_i};
    hit_now_q <= we_i && waddr_i == raddr1_q;
    {written2_q, written1_q} <= {written1_q, wdata_i};
    data_o <= hit_now_q ? wdata_i : hit_after2_q ? written1_q : hit_with2_q ? written2_q : stored_o;
  end
endmodule
