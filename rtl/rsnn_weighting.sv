// Embedding weighting of the razor gate: affine map of the frames' sums, softmax over the K embeddings.
// Contract: python/razorsnn/ops/razor.py (a_k, d_k, e_k, w_k).
//   latency    frame_i to ready: Embeddings + 3 cycles; finish_i to ready: 12 * Embeddings + 2 cycles
//   handshake  begin_i, frame_i, finish_i only while ready_o; weight_o holds from the end of finish_i on
module rsnn_weighting #(
  parameter int unsigned Embeddings = 4,
  parameter int unsigned FrameSumBits = 20,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned GateDepth = 64,
  parameter int unsigned OffsetDepth = 4,
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  localparam int unsigned GateAddrWidth = (GateDepth > 1) ? $clog2(GateDepth) : 1,
  localparam int unsigned OffsetAddrWidth = (OffsetDepth > 1) ? $clog2(OffsetDepth) : 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       begin_i,
  input  logic [OffsetAddrWidth-1:0] offset_base_i,
  input  logic                       frame_i,
  input  logic [GateAddrWidth-1:0]   affine_base_i,
  input  logic [FrameSumBits-1:0]    frame_sum_i,
  input  logic                       finish_i,
  input  logic [4:0]                 logit_shift_i,
  output logic                       ready_o,
  output logic [Embeddings-1:0][8:0] weight_o
);
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1;
  localparam int unsigned ExpSumBits = rsnn_pkg::ExpBits + KWidth + 1;
  localparam int unsigned AccBits = (LogitSumBits > rsnn_pkg::OffsetBits) ? LogitSumBits : rsnn_pkg::OffsetBits;
  localparam int unsigned ProductBits = rsnn_pkg::AffineBits + FrameSumBits + 1;
  localparam logic [KWidth-1:0] Last = KWidth'(Embeddings - 1);

  typedef enum logic [2:0] {Ready, Offset, Affine, Logit, Exponent, Divide} state_e;

  state_e state_q;
  logic [KWidth-1:0] k_q, k1_q, k2_q;
  logic issue_q, issue1_q, issue2_q;
  logic [3:0] bit_q;
  logic [OffsetAddrWidth-1:0] offset_addr_q;
  logic [GateAddrWidth-1:0] affine_addr_q;
  logic [FrameSumBits-1:0] frame_sum_q;
  logic signed [AccBits-1:0] acc_q [Embeddings];
  logic signed [ProductBits-1:0] product_q;
  logic signed [rsnn_pkg::OffsetBits-1:0] offset;
  logic signed [rsnn_pkg::AffineBits-1:0] affine;
  logic signed [rsnn_pkg::LogitBits-1:0] logit, max_q;
  logic signed [rsnn_pkg::LogitBits-1:0] logit_q [Embeddings];
  logic [rsnn_pkg::LogitBits:0] distance;
  logic [7:0] exp_addr;
  logic [rsnn_pkg::ExpBits-1:0] exponent;
  logic [rsnn_pkg::ExpBits-1:0] exponent_q [Embeddings];
  logic [ExpSumBits-1:0] exp_sum_q;
  logic [ExpSumBits:0] rest_q;
  logic fits;

  assign ready_o = state_q == Ready;

  rsnn_rom #(.Width(rsnn_pkg::OffsetBits), .Depth(OffsetDepth), .InitFile(OffsetFile)) u_offset (
    .clk_i, .re_i(state_q == Offset), .addr_i(offset_addr_q), .data_o(offset)
  );
  rsnn_rom #(.Width(rsnn_pkg::AffineBits), .Depth(GateDepth), .InitFile(AffineFile)) u_affine (
    .clk_i, .re_i(state_q == Affine), .addr_i(affine_addr_q), .data_o(affine)
  );
  rsnn_rom #(.Width(rsnn_pkg::ExpBits), .Depth(256), .InitFile(ExpFile)) u_exp (
    .clk_i, .re_i(state_q == Exponent), .addr_i(exp_addr), .data_o(exponent)
  );

  rsnn_cast #(.InBits(AccBits), .OutBits(rsnn_pkg::LogitBits)) u_logit (
    .value_i(acc_q[k_q]), .shift_i(logit_shift_i), .value_o(logit)
  );
  assign distance = (rsnn_pkg::LogitBits + 1)'(max_q) - (rsnn_pkg::LogitBits + 1)'(logit_q[k_q]);
  assign exp_addr = (distance > (rsnn_pkg::LogitBits + 1)'(255)) ? 8'd255 : 8'(distance);
  assign fits = rest_q >= (ExpSumBits + 1)'(exp_sum_q);

  // Each state issues one k a cycle; what a memory answers is used one cycle later, a product two.
  always_ff @(posedge clk_i) begin
    k1_q <= k_q;
    k2_q <= k1_q;
    product_q <= affine * signed'({1'b0, frame_sum_q});
    if (state_q == Offset && issue1_q) acc_q[k1_q] <= AccBits'(offset);
    if (state_q == Affine && issue2_q) acc_q[k2_q] <= acc_q[k2_q] + AccBits'(product_q);
    if (state_q == Logit && issue_q) begin
      logit_q[k_q] <= logit;
      max_q <= (k_q == '0 || logit > max_q) ? logit : max_q;
    end
    if (state_q == Exponent && issue1_q) begin
      exponent_q[k1_q] <= exponent;
      exp_sum_q <= (k1_q == '0 ? '0 : exp_sum_q) + ExpSumBits'(exponent);
    end
    if (state_q == Divide) begin
      if (issue_q) rest_q <= (ExpSumBits + 1)'(exponent_q[k_q]);
      else rest_q <= (rest_q - (fits ? (ExpSumBits + 1)'(exp_sum_q) : '0)) << 1;
      if (!issue_q) weight_o[k_q][bit_q] <= fits;
    end
  end

  logic leave;
  always_comb begin
    unique case (state_q)
      Offset, Exponent: leave = issue1_q && k1_q == Last;
      Affine: leave = issue2_q && k2_q == Last;
      Logit: leave = k_q == Last;
      Divide: leave = !issue_q && bit_q == '0 && k_q == Last;
      default: leave = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Ready;
      {issue_q, issue1_q, issue2_q} <= '0;
      k_q <= '0;
    end else begin
      issue1_q <= issue_q && !leave;
      issue2_q <= issue1_q && !leave;
      if (state_q == Ready) begin
        k_q <= '0;
        issue_q <= begin_i || frame_i || finish_i;
        if (begin_i) state_q <= Offset;
        else if (frame_i) state_q <= Affine;
        else if (finish_i) state_q <= Logit;
      end else if (leave) begin
        k_q <= '0;
        issue_q <= state_q == Logit || state_q == Exponent;
        state_q <= (state_q == Logit) ? Exponent : (state_q == Exponent) ? Divide : Ready;
      end else if (state_q == Divide) begin
        issue_q <= !issue_q && bit_q == '0;
        if (!issue_q && bit_q == '0) k_q <= k_q + 1'b1;
      end else begin
        if (k_q == Last) issue_q <= 1'b0;
        else if (issue_q) k_q <= k_q + 1'b1;
      end
    end
    bit_q <= (state_q == Divide && !issue_q) ? bit_q - 1'b1 : 4'd8;
    if (state_q == Ready) begin
      offset_addr_q <= offset_base_i;
      affine_addr_q <= affine_base_i;
      if (frame_i) frame_sum_q <= frame_sum_i;
    end else begin
      offset_addr_q <= offset_addr_q + 1'b1;
      affine_addr_q <= affine_addr_q + 1'b1;
    end
  end
endmodule
