// Readout: scores over the window, and the score stream.
// Contract: python/razorsnn/ops/neuron.py ("readout").
//   order      class 0 first; m_last_o on the last class
//   latency    a word of scores is fetched in 2 cycles, then one class a cycle
//   handshake  add_*: never stalls; emit_i after the last add; m_valid_o/m_ready_i; done_o with the last beat
module rsnn_readout #(
  parameter int unsigned Slots = 4,
  parameter int unsigned Classes = 3,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned ScoreBits = 24,
  parameter int unsigned MembraneAddrWidth = 8,
  // Where classes are fewer than a word's activations, the rest of it is nobody's score.
  localparam int unsigned Used = (Classes < Slots) ? Classes : Slots,
  localparam int unsigned Depth = (Classes + Slots - 1) / Slots
) (
  input  logic                                      clk_i,
  input  logic                                      rst_ni,
  input  logic                                      add_i,
  input  logic                                      first_i,
  input  logic                                      signed_sum_i,
  input  logic [MembraneAddrWidth-1:0]              addr_i,
  input  logic signed [Slots-1:0][MembraneBits-1:0] u_i,
  input  logic                                      emit_i,
  output logic                                      done_o,
  output logic                                      m_valid_o,
  input  logic                                      m_ready_i,
  output logic [31:0]                               m_data_o,
  output logic                                      m_last_o
);
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int unsigned LaneWidth = (Used > 1) ? $clog2(Used) : 1;
  localparam int unsigned ClassWidth = (Classes > 1) ? $clog2(Classes) : 1;

  typedef enum logic [2:0] {Idle, Settle, Store, Fetch, Wait, Send} state_e;

  state_e state_q;
  logic [AddrWidth-1:0] word_q;
  logic [LaneWidth-1:0] lane_q;
  logic [ClassWidth-1:0] class_q;
  logic signed [Used-1:0][ScoreBits-1:0] read, old, sums;
  logic add1_q, add2_q, first1_q, first2_q, first3_q;
  logic signed [Used-1:0][MembraneBits-1:0] part1_q, part2_q, part3_q;

  rsnn_rmw #(.Width(Used * ScoreBits), .Depth(Depth)) u_scores (
    .clk_i, .rst_ni, .valid_i(add_i || state_q == Fetch), .addr_i(add_i ? AddrWidth'(addr_i) : word_q),
    .read_o(read), .old_o(old), .write_i(add2_q), .new_i(sums)
  );

  always_comb begin
    for (int unsigned i = 0; i < Used; i++) begin
      sums[i] = (first3_q ? '0 : old[i]) + ScoreBits'(signed'(part3_q[i]));
    end
  end

  always_ff @(posedge clk_i) begin
    {first3_q, first2_q, first1_q} <= {first2_q, first1_q, first_i};
    for (int unsigned i = 0; i < Used; i++) begin
      part1_q[i] <= (u_i[i][MembraneBits-1] && !signed_sum_i) ? '0 : u_i[i];
    end
    {part3_q, part2_q} <= {part2_q, part1_q};
    if (!rst_ni) {add2_q, add1_q} <= '0;
    else {add2_q, add1_q} <= {add1_q, add_i};
  end

  assign m_valid_o = state_q == Send;
  assign m_data_o = 32'(signed'(read[lane_q]));
  assign m_last_o = class_q == ClassWidth'(Classes - 1);
  assign done_o = m_valid_o && m_ready_i && m_last_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      unique case (state_q)
        Settle: state_q <= Store;
        Store: state_q <= Fetch;
        Fetch: state_q <= Wait;
        Wait: state_q <= Send;
        Send: if (m_ready_i) begin
          class_q <= class_q + 1'b1;
          lane_q <= lane_q + 1'b1;
          if (lane_q == LaneWidth'(Used - 1)) begin
            lane_q <= '0;
            word_q <= word_q + 1'b1;
            state_q <= Fetch;
          end
          if (m_last_o) state_q <= Idle;
        end
        default: begin
          word_q <= '0;
          lane_q <= '0;
          class_q <= '0;
          if (emit_i) state_q <= Settle;
        end
      endcase
    end
  end

  logic unused;
  assign unused = ^{addr_i, u_i};
endmodule
