// Memory whose reads see every earlier write: the home of all forwarding. One read and one write a cycle.
//   latency    both two cycles after re_i. stored_o: the word as stored, stale if it was written since the cycle before
//              re_i; it is held, as rdata_o of rsnn_deep_ram. data_o: with every write of the cycles before it
//   handshake  none: never stalls
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
  logic [AddrWidth-1:0] raddr1_q;
  logic [Width-1:0] written1_q, written2_q;
  logic hit1_q, hit2_q, hit_before2_q;

  rsnn_deep_ram #(.Width(Width), .Depth(Depth)) u_ram (
    .clk_i, .re_i, .raddr_i, .rdata_o(stored_o), .we_i, .waddr_i, .wdata_i
  );

  // A write in the cycle of the read, or in the one after: compared a cycle before its word is needed.
  always_ff @(posedge clk_i) begin
    raddr1_q <= raddr_i;
    hit1_q <= we_i && waddr_i == raddr_i;
    hit_before2_q <= hit1_q;
    hit2_q <= we_i && waddr_i == raddr1_q;
    written1_q <= wdata_i;
    written2_q <= written1_q;
  end

  assign data_o = hit2_q ? written1_q : hit_before2_q ? written2_q : stored_o;
endmodule
