// One lane of the razor's scores: mask of a position, and what it makes of its activations.
// Contract: python/razorsnn/ops/razor.py (m_k, M, S, cast(M * X)).
//   order      the embeddings of a word one a cycle, k_i with them
//   latency    k_i to sums_i and weight_i 1 cycle, product 3, shift 4, mask input 5, of which sigmoid_re_i tells the cycle
//              before; sigmoid 7, of which add_i does, with first_i for the first embedding; mask 8, with x_i the cycle
//              before; score_o 9; reached_o and refined_o 10. The layer's fields hold from two cycles before start
//   handshake  none
// A kept hierarchy has registers of its own: a weight that all lanes share is at hand at the multiplier of each.
(* keep_hierarchy = "yes" *)
module rsnn_mask #(
  parameter int unsigned Embeddings = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned LoadBits = 512,
  parameter string SigmoidFile = "",
  localparam int unsigned KWidth = (Embeddings > 1) ? $clog2(Embeddings) : 1,
  localparam int unsigned MaskBits = 8 + $clog2(Embeddings),
  localparam int unsigned ScoreBits = MaskBits + ActBits
) (
  input  logic                                clk_i,
  input  logic [Embeddings-1:0][SumsBits-1:0] sums_i,
  input  logic [KWidth-1:0]                   k_i,
  input  logic [8:0]                          weight_i,
  input  logic [4:0]                          mask_shift_i,
  input  logic                                sigmoid_re_i,
  input  logic                                add_i,
  input  logic                                first_i,
  input  logic [ActBits-1:0]                  x_i,
  input  logic [30:0]                         threshold_i,
  input  logic [4:0]                          refine_shift_i,
  input  logic [7:0]                          refine_max_i,
  output logic [ScoreBits-1:0]                score_o,
  output logic                                reached_o,
  output logic [ActBits-1:0]                  refined_o,
  input  logic                                load_i,
  input  logic [23:0]                         load_addr_i,
  input  logic [LoadBits-1:0]                 load_data_i
);
  localparam int unsigned ProductBits = SumsBits + 10;
  localparam int unsigned CutBits = ScoreBits + 1;

  logic [KWidth-1:0] k_q;
  logic sigmoid_re_q, add_q, first_q;
  logic [4:0] mask_shift_q, refine_shift_q;
  logic [7:0] refine_max_q;
  logic [30:0] threshold_q;
  logic [ActBits-1:0] x_q;
  logic signed [SumsBits-1:0] sums_q;
  logic signed [9:0] weight_q;
  logic signed [ProductBits-1:0] product_q;
  logic signed [rsnn_pkg::MaskInputBits-1:0] mask_input;
  logic [7:0] sigmoid, sigmoid_q;
  logic [MaskBits-1:0] mask_q;
  logic [CutBits-1:0] cut_q, rounded;

  rsnn_cast #(.InBits(ProductBits), .OutBits(rsnn_pkg::MaskInputBits)) u_mask_input (
    .clk_i, .value_i(product_q), .shift_i(mask_shift_q), .value_o(mask_input)
  );
  // The table starts at the lowest input: flipping the sign bit is adding 128.
  rsnn_rom #(.Width(8), .Depth(256), .InitFile(SigmoidFile), .LoadBits(LoadBits)) u_sigmoid (
    .clk_i, .re_i(sigmoid_re_q), .addr_i(mask_input ^ 8'h80), .data_o(sigmoid), .load_i, .load_addr_i, .load_data_i
  );

  // An activation has few bits: shifts and adds, in LUTs, two bits of it at a time.
  function automatic logic [ScoreBits-1:0] scored(logic [MaskBits-1:0] mask, logic [ActBits-1:0] x);
    logic [1:0] two;
    scored = '0;
    for (int unsigned b = 0; b < ActBits; b += 2) begin
      two = 2'(x >> b);
      scored += (ScoreBits'(two[0] ? mask : '0) + (ScoreBits'(two[1] ? mask : '0) << 1)) << b;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    {sigmoid_re_q, add_q, first_q, k_q, x_q} <= {sigmoid_re_i, add_i, first_i, k_i, x_i};
    {mask_shift_q, refine_shift_q} <= {mask_shift_i, refine_shift_i};
    {refine_max_q, threshold_q} <= {refine_max_i, threshold_i};
    sums_q <= sums_i[k_q];
    weight_q <= {1'b0, weight_i};
    product_q <= sums_q * weight_q;
    sigmoid_q <= sigmoid;
    if (add_q) mask_q <= (first_q ? '0 : mask_q) + MaskBits'(sigmoid_q);
    score_o <= scored(mask_q, x_q);
    reached_o <= 31'(score_o) >= threshold_q;
    // Half up: the bit below the cut decides. Doubled first, so that a shift of 0 needs no case.
    cut_q <= (CutBits'(score_o) << 1) >> refine_shift_q;
  end
  assign rounded = (cut_q >> 1) + CutBits'(cut_q[0]);
  assign refined_o = (rounded > CutBits'(refine_max_q)) ? ActBits'(refine_max_q) : ActBits'(rounded);
endmodule
