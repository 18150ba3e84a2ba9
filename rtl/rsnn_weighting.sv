// Embedding weighting of the razor gate: affine map of the frames' sums, softmax over the K embeddings.
// Contract: python/razorsnn/ops/razor.py (a_k, d_k, e_k, w_k).
//   latency    a frame a cycle, in the sums 2 cycles after frame_i; finish_i to ready_o: 2 * Embeddings + 11 cycles
//   handshake  begin_i, then frame_i with row_i held two cycles before too; finish_i the cycle after the last frame_i or
//              later, 3 cycles after ready_o or later, and with the next begin_i at the latest; weight_o holds from the
//              third cycle after ready_o on
module rsnn_weighting #(
  parameter int unsigned Embeddings = 4,
  parameter int unsigned FrameSumBits = 20,
  parameter int unsigned LogitSumBits = 40,
  parameter int unsigned GateRows = 16,
  parameter int unsigned OffsetDepth = 4,
  parameter int unsigned LoadBits = 512,
  parameter string AffineFile = "",
  parameter string OffsetFile = "",
  parameter string ExpFile = "",
  localparam int unsigned RowWidth = (GateRows > 1) ? $clog2(GateRows) : 1,
  localparam int unsigned OffsetAddrWidth = (OffsetDepth > 1) ? $clog2(OffsetDepth) : 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       begin_i,
  input  logic                       frame_i,
  input  logic [RowWidth-1:0]        row_i,
  input  logic [FrameSumBits-1:0]    frame_sum_i,
  input  logic                       finish_i,
  input  logic [OffsetAddrWidth-1:0] offset_base_i,
  input  logic [4:0]                 logit_shift_i,
  output logic                       ready_o,
  output logic [Embeddings-1:0][8:0] weight_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                load_addr_i,
  input  logic [LoadBits-1:0]        load_data_i
);
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1;
  localparam int unsigned ExpSumBits = rsnn_pkg::ExpBits + KWidth + 1;
  localparam int unsigned AccBits = (LogitSumBits > rsnn_pkg::OffsetBits) ? LogitSumBits : rsnn_pkg::OffsetBits;
  localparam int unsigned ProductBits = rsnn_pkg::AffineBits + FrameSumBits + 1;
  localparam logic [KWidth-1:0] Last = KWidth'(Embeddings - 1);

  typedef enum logic [1:0] {Ready, Logit, Exponent, Divide} state_e;

  state_e state_q;
  logic [KWidth-1:0] k_q, k1_q, k2_q, k3_q, k4_q;
  logic issue_q, issue1_q, issue2_q, issue3_q, issue4_q, add1_q;
  logic [3:0] bit_q;
  logic [OffsetAddrWidth-1:0] offset_addr;
  logic signed [AccBits-1:0] acc_q [Embeddings];
  logic signed [AccBits-1:0] total_q [Embeddings];
  logic signed [AccBits-1:0] total1_q, biased2_q;
  logic signed [ProductBits-1:0] product_q [Embeddings];
  logic signed [rsnn_pkg::OffsetBits-1:0] offset, offset1_q;
  logic [Embeddings-1:0][rsnn_pkg::AffineBits-1:0] affine, affine_q;
  logic signed [rsnn_pkg::LogitBits-1:0] logit, max_q;
  logic signed [rsnn_pkg::LogitBits-1:0] logit_q [Embeddings];
  logic [rsnn_pkg::LogitBits:0] distance1_q;
  logic [7:0] exp_addr;
  logic [rsnn_pkg::ExpBits-1:0] exponent, exponent3_q;
  logic [rsnn_pkg::ExpBits-1:0] exponent_q [Embeddings];
  logic [ExpSumBits-1:0] exp_sum_q;
  logic [ExpSumBits+1:0] triple_q;
  logic [ExpSumBits:0] rest_q [Embeddings];

  rsnn_rom #(.Width(rsnn_pkg::OffsetBits), .Depth(OffsetDepth), .InitFile(OffsetFile), .LoadBits(LoadBits)) u_offset (
    .clk_i, .re_i(1'b1), .addr_i(offset_addr), .data_o(offset),
    .load_i(load_i[rsnn_pkg::OffsetMemory]), .load_addr_i, .load_data_i
  );
  rsnn_rom #(
    .Width(Embeddings * rsnn_pkg::AffineBits), .Depth(GateRows), .InitFile(AffineFile), .LoadBits(LoadBits)
  ) u_affine (
    .clk_i, .re_i(1'b1), .addr_i(row_i), .data_o(affine),
    .load_i(load_i[rsnn_pkg::AffineMemory]), .load_addr_i, .load_data_i
  );
  rsnn_rom #(.Width(rsnn_pkg::ExpBits), .Depth(256), .InitFile(ExpFile), .LoadBits(LoadBits)) u_exp (
    .clk_i, .re_i(state_q == Exponent), .addr_i(exp_addr), .data_o(exponent),
    .load_i(load_i[rsnn_pkg::ExpMemory]), .load_addr_i, .load_data_i
  );

  // The frames' products of all k at once. Their sums are taken over by finish_i: the next gate's may begin with it.
  for (genvar k = 0; k < int'(Embeddings); k++) begin : gen_affine
    logic signed [AccBits-1:0] sum;
    always_ff @(posedge clk_i) begin
      product_q[k] <= signed'(affine_q[k]) * signed'({1'b0, frame_sum_i});
      if (begin_i) acc_q[k] <= '0;
      else acc_q[k] <= sum;
      if (finish_i) total_q[k] <= sum;
    end
    assign sum = acc_q[k] + (add1_q ? AccBits'(product_q[k]) : '0);

    // Division of all k at once: the highest bit alone, then two bits a cycle. What each choice leaves is there at once,
    // and its sign decides.
    logic signed [ExpSumBits+2:0] twice, less1, less2, less3, rest;
    logic first, second;
    assign twice = (ExpSumBits + 3)'(rest_q[k]) << 1;
    assign less1 = twice - (ExpSumBits + 3)'(exp_sum_q);
    assign less2 = twice - ((ExpSumBits + 3)'(exp_sum_q) << 1);
    assign less3 = twice - (ExpSumBits + 3)'(triple_q);
    assign first = !less2[ExpSumBits+2];
    assign second = !bit_q[3] && !(first ? less3[ExpSumBits+2] : less1[ExpSumBits+2]);
    assign rest = first ? (second ? less3 : less2) : (second ? less1 : twice);
    always_ff @(posedge clk_i) begin
      if (state_q == Divide && !issue_q) begin
        rest_q[k] <= (ExpSumBits + 1)'(bit_q[3] ? rest : rest << 1);
        weight_o[k][bit_q] <= first;
        if (!bit_q[3]) weight_o[k][bit_q-1'b1] <= second;
      end else begin
        rest_q[k] <= (ExpSumBits + 1)'(exponent_q[k]);
      end
    end
  end

  // The offset of the next k is read while this one is used.
  assign offset_addr = offset_base_i + ((state_q == Logit) ? OffsetAddrWidth'(k_q) + 1'b1 : '0);

  rsnn_cast #(.InBits(AccBits), .OutBits(rsnn_pkg::LogitBits)) u_logit (
    .clk_i, .value_i(biased2_q), .shift_i(logit_shift_i), .value_o(logit)
  );
  assign exp_addr = (distance1_q > (rsnn_pkg::LogitBits + 1)'(255)) ? 8'd255 : 8'(distance1_q);

  // Logit and Exponent issue one k a cycle. A logit is there four cycles later: total and offset, their sum, its cast; an
  // exponent, and in the sum, after three: distance, table, what it gave.
  always_ff @(posedge clk_i) begin
    {k4_q, k3_q, k2_q, k1_q} <= {k3_q, k2_q, k1_q, k_q};
    affine_q <= affine;
    {total1_q, offset1_q} <= {total_q[k_q], offset};
    biased2_q <= total1_q + AccBits'(offset1_q);
    if (state_q == Logit && issue4_q) begin
      logit_q[k4_q] <= logit;
      max_q <= (k4_q == '0 || logit > max_q) ? logit : max_q;
    end
    distance1_q <= (rsnn_pkg::LogitBits + 1)'(max_q) - (rsnn_pkg::LogitBits + 1)'(logit_q[k_q]);
    exponent3_q <= exponent;
    if (state_q == Exponent && issue3_q) begin
      exponent_q[k3_q] <= exponent3_q;
      exp_sum_q <= (k3_q == '0 ? '0 : exp_sum_q) + ExpSumBits'(exponent3_q);
    end
    triple_q <= ((ExpSumBits + 2)'(exp_sum_q) << 1) + (ExpSumBits + 2)'(exp_sum_q);
  end

  logic leave;
  always_comb begin
    unique case (state_q)
      Logit: leave = issue4_q && k4_q == Last;
      Exponent: leave = issue3_q && k3_q == Last;
      Divide: leave = !issue_q && bit_q == 4'd1;
      default: leave = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Ready;
      ready_o <= 1'b1;
      {issue_q, issue1_q, issue2_q, issue3_q, issue4_q, add1_q} <= '0;
      k_q <= '0;
    end else begin
      {issue4_q, issue3_q, issue2_q, issue1_q} <= leave ? '0 : {issue3_q, issue2_q, issue1_q, issue_q};
      add1_q <= frame_i;
      // The last bits of the weights are there when the scores have read their first sums.
      ready_o <= (state_q == Ready && !finish_i) || (state_q == Divide && !issue_q && !bit_q[3]);
      if (state_q == Ready) begin
        k_q <= '0;
        issue_q <= finish_i;
        if (finish_i) state_q <= Logit;
      end else if (leave) begin
        k_q <= '0;
        issue_q <= state_q == Logit || state_q == Exponent;
        state_q <= (state_q == Logit) ? Exponent : (state_q == Exponent) ? Divide : Ready;
      end else if (state_q == Divide) begin
        issue_q <= 1'b0;
      end else begin
        if (k_q == Last) issue_q <= 1'b0;
        else if (issue_q) k_q <= k_q + 1'b1;
      end
    end
    bit_q <= (state_q == Divide && !issue_q) ? bit_q - (bit_q[3] ? 4'd1 : 4'd2) : 4'd8;
  end
endmodule
