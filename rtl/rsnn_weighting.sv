// Embedding weighting of the razor gate: affine map of the frames' sums, softmax over the K embeddings, all of them at once.
// Contract: python/razorsnn/ops/razor.py (a_k, d_k, e_k, w_k).
//   latency    a frame a cycle, in the sums 2 cycles after frame_i; finish_i to ready_o: 9 cycles
//   handshake  begin_i with offset_base_i, which holds for Embeddings + 1 cycles, then, Embeddings + 2 cycles later at the
//              earliest, frame_i with row_i held two cycles before too; finish_i the cycle after the last frame_i or
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

  // A copy of the table of exponents has two ports.
  localparam int unsigned Reads = Embeddings + ((Embeddings > 1) ? Embeddings % 2 : 0);

  // Cycles behind finish_i in which there is what the stages are named for, and ready_o is set.
  localparam int unsigned Total = 1, Exponents = 6, FirstBit = 7, Set = 8;

  logic [KWidth-1:0] k_q, k1_q, k2_q;
  logic preset_q, preset1_q, preset2_q, add1_q, divide_q;
  logic [Set:Total] stage_q;
  logic [3:0] bit_q;
  logic signed [AccBits-1:0] acc_q [Embeddings];
  logic signed [AccBits-1:0] total_q [Embeddings];
  logic signed [ProductBits-1:0] product_q [Embeddings];
  logic signed [rsnn_pkg::OffsetBits-1:0] offset, offset2_q;
  logic [Embeddings-1:0][rsnn_pkg::AffineBits-1:0] affine, affine_q;
  logic signed [rsnn_pkg::LogitBits-1:0] logit [Embeddings];
  logic [Reads-1:0][7:0] distance;
  logic [Reads-1:0][rsnn_pkg::ExpBits-1:0] exponent;
  logic [ExpSumBits-1:0] exp_sum, exp_sum_q;
  logic [ExpSumBits+1:0] triple_q;
  logic [ExpSumBits:0] rest_q [Embeddings];

  rsnn_rom #(.Width(rsnn_pkg::OffsetBits), .Depth(OffsetDepth), .InitFile(OffsetFile), .LoadBits(LoadBits)) u_offset (
    .clk_i, .re_i(preset_q), .addr_i(offset_base_i + OffsetAddrWidth'(k_q)), .data_o(offset),
    .load_i(load_i[rsnn_pkg::OffsetMemory]), .load_addr_i, .load_data_i
  );
  rsnn_rom #(
    .Width(Embeddings * rsnn_pkg::AffineBits), .Depth(GateRows), .InitFile(AffineFile), .LoadBits(LoadBits)
  ) u_affine (
    .clk_i, .re_i(1'b1), .addr_i(row_i), .data_o(affine),
    .load_i(load_i[rsnn_pkg::AffineMemory]), .load_addr_i, .load_data_i
  );
  rsnn_many_rom #(
    .Reads(Reads), .Width(rsnn_pkg::ExpBits), .Depth(256), .InitFile(ExpFile), .LoadBits(LoadBits)
  ) u_exp (
    .clk_i, .re_i(1'b1), .addr_i(distance), .data_o(exponent),
    .load_i(load_i[rsnn_pkg::ExpMemory]), .load_addr_i, .load_data_i
  );

  // The sums begin with the offsets, which are read one a cycle. They are taken over by finish_i: the next gate's may begin
  // with it.
  for (genvar k = 0; k < int'(Embeddings); k++) begin : gen_k
    logic signed [AccBits-1:0] sum;
    always_ff @(posedge clk_i) begin
      product_q[k] <= signed'(affine_q[k]) * signed'({1'b0, frame_sum_i});
      if (preset2_q && k2_q == KWidth'(k)) acc_q[k] <= AccBits'(offset2_q);
      else acc_q[k] <= sum;
      if (finish_i) total_q[k] <= sum;
    end
    assign sum = acc_q[k] + (add1_q ? AccBits'(product_q[k]) : '0);

    rsnn_cast #(.InBits(AccBits), .OutBits(rsnn_pkg::LogitBits)) u_logit (
      .clk_i, .value_i(total_q[k]), .shift_i(logit_shift_i), .value_o(logit[k])
    );

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
      if (divide_q) begin
        rest_q[k] <= (ExpSumBits + 1)'(bit_q[3] ? rest : rest << 1);
        weight_o[k][bit_q] <= first;
        if (!bit_q[3]) weight_o[k][bit_q-1'b1] <= second;
      end else begin
        rest_q[k] <= (ExpSumBits + 1)'(exponent[k]);
      end
    end
  end

  // How far each logit is above each other. From the largest, or from any of several, it is the distance.
  logic [Embeddings-1:0][Embeddings-1:0][rsnn_pkg::LogitBits:0] above_q;
  logic [Embeddings-1:0] largest;

  always_ff @(posedge clk_i) begin
    for (int unsigned j = 0; j < Embeddings; j++) begin
      for (int unsigned k = 0; k < Embeddings; k++) begin
        above_q[j][k] <= (rsnn_pkg::LogitBits + 1)'(logit[j]) - (rsnn_pkg::LogitBits + 1)'(logit[k]);
      end
    end
  end
  always_comb begin
    {largest, distance} = {{Embeddings{1'b1}}, {8 * Reads{1'b0}}};
    exp_sum = '0;
    for (int unsigned j = 0; j < Embeddings; j++) begin
      for (int unsigned k = 0; k < Embeddings; k++) largest[j] &= !above_q[j][k][rsnn_pkg::LogitBits];
      for (int unsigned k = 0; k < Embeddings; k++) begin
        if (largest[j]) distance[k] |= (above_q[j][k][rsnn_pkg::LogitBits:8] == '0) ? above_q[j][k][7:0] : '1;
      end
      exp_sum += ExpSumBits'(exponent[j]);
    end
  end

  always_ff @(posedge clk_i) begin
    {k2_q, k1_q} <= {k1_q, k_q};
    {offset2_q, affine_q} <= {offset, affine};
    if (stage_q[Exponents]) exp_sum_q <= exp_sum;
    triple_q <= ((ExpSumBits + 2)'(exp_sum_q) << 1) + (ExpSumBits + 2)'(exp_sum_q);
    bit_q <= divide_q ? bit_q - (bit_q[3] ? 4'd1 : 4'd2) : 4'd8;
    if (begin_i) k_q <= '0;
    else if (preset_q) k_q <= k_q + 1'b1;
    if (!rst_ni) begin
      {stage_q, preset2_q, preset1_q, preset_q, add1_q, divide_q} <= '0;
      ready_o <= 1'b1;
    end else begin
      stage_q <= {stage_q[Set-1:Total], finish_i};
      {preset2_q, preset1_q} <= {preset1_q, preset_q};
      preset_q <= begin_i || (preset_q && k_q != Last);
      add1_q <= frame_i;
      divide_q <= stage_q[FirstBit-1] || (divide_q && bit_q != 4'd1);
      // The last bits of the weights are there when the scores have read their first sums.
      ready_o <= !finish_i && stage_q[Set-1:Total] == '0;
    end
  end
endmodule
