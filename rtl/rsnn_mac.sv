// Multiply and add: a membrane and the product of weight and value, or a bias and what leaks of a membrane.
// Contract: python/razorsnn/ops/neuron.py, ops/synapse.py.
//   equation   sum = word + weight * value of all inputs; where leak_i bias + floor(membrane * alpha / 2 ** LeakFrac), or
//              the bias alone if wipe_i
//   widths     modulo 2 ** MembraneBits: plan.py proves that nothing is lost
//   latency    operands to sum_o: 2 cycles. event_i tells which come, the first two or the others; leak_i and wipe_i come
//              in the second cycle, word_i and bias_i in the third
//   handshake  none: one a cycle
// Where Alpha is not negative, it is the leak of all layers, which takes shifts and adds; else both share a multiplier.
// A kept hierarchy has registers of its own: a factor that all lanes share is at hand at the multiplier of each.
(* keep_hierarchy = "yes" *)
module rsnn_mac #(
  parameter int unsigned Inputs = 1,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned ValueBits = 4,
  parameter int unsigned MembraneBits = 20,
  parameter int Alpha = -1
) (
  input  logic                              clk_i,
  input  logic                              event_i,
  input  logic [Inputs-1:0][WeightBits-1:0] weight_i,
  input  logic [Inputs-1:0][ValueBits-1:0]  value_i,
  input  logic signed [MembraneBits-1:0]    membrane_i,
  input  logic [rsnn_pkg::LeakFrac-1:0]     alpha_i,
  input  logic                              leak_i,
  input  logic                              wipe_i,
  input  logic [MembraneBits-1:0]           word_i,
  input  logic [MembraneBits-1:0]           bias_i,
  output logic [MembraneBits-1:0]           sum_o
);
  localparam int unsigned ProductsBits = WeightBits + ValueBits + $clog2(Inputs);

  logic leak_q;
  logic [MembraneBits-1:0] base;
  always_ff @(posedge clk_i) leak_q <= leak_i;
  assign base = leak_q ? bias_i : word_i;

  // A spike takes no multiplier.
  function automatic logic signed [ProductsBits-1:0] product_of(logic [WeightBits-1:0] weight, logic [ValueBits-1:0] value);
    if (ValueBits == 1) return (value != '0) ? ProductsBits'(signed'(weight)) : '0;
    return ProductsBits'(signed'(weight) * signed'({1'b0, value}));
  endfunction

  logic [Inputs-1:0][WeightBits-1:0] weight_q;
  logic [Inputs-1:0][ValueBits-1:0] value_q;
  always_ff @(posedge clk_i) {weight_q, value_q} <= {weight_i, value_i};

  // The products of all inputs but the first. Where no multiplier is on the way they are added to the first one at once.
  localparam bit AtOnce = ValueBits == 1 && Alpha >= 0;
  logic signed [ProductsBits-1:0] others_q;
  if (Inputs > 1 && !AtOnce) begin : gen_others
    logic signed [ProductsBits-1:0] others;

    always_comb begin
      others = '0;
      for (int unsigned n = 1; n < Inputs; n++) others = others + product_of(weight_q[n], value_q[n]);
    end
    always_ff @(posedge clk_i) others_q <= leak_i ? '0 : others;
  end else begin : gen_no_others
    assign others_q = '0;
  end

  if (Alpha >= 0) begin : gen_apart
    // Alpha as the fewest powers of two, added and subtracted: its non-adjacent form.
    localparam int unsigned Half = Alpha / 2, More = Alpha + Half, Places = rsnn_pkg::LeakFrac + 1;
    localparam logic [Places-1:0] Added = Places'(More & ~Half), Subtracted = Places'(Half & ~More);
    localparam int unsigned LeakBits = MembraneBits + rsnn_pkg::LeakFrac + 1;

    logic signed [MembraneBits-1:0] membrane_q;
    logic signed [LeakBits-1:0] leaked;
    logic signed [ProductsBits-1:0] products;
    logic [MembraneBits-1:0] part_q;

    always_comb begin
      leaked = '0;
      for (int unsigned i = 0; i < Places; i++) begin
        if (Added[i]) leaked = leaked + (LeakBits'(membrane_q) <<< i);
        if (Subtracted[i]) leaked = leaked - (LeakBits'(membrane_q) <<< i);
      end
    end

    // The first input is always an event: a spike is 1.
    always_comb begin
      products = (ValueBits == 1) ? ProductsBits'(signed'(weight_q[0])) : product_of(weight_q[0], value_q[0]);
      if (AtOnce) begin
        for (int unsigned n = 1; n < Inputs; n++) products = products + product_of(weight_q[n], value_q[n]);
      end
    end

    always_ff @(posedge clk_i) begin
      membrane_q <= membrane_i;
      part_q <= wipe_i ? '0 : leak_i ? MembraneBits'(leaked >>> rsnn_pkg::LeakFrac) : MembraneBits'(products);
    end
    assign sum_o = base + part_q + MembraneBits'(others_q);

    logic unused;
    assign unused = ^{event_i, alpha_i, value_q, leaked};
  end else begin : gen_shared
    // A multiplier takes 18 bits with a sign; what is above has one of its own, and joins in the sum behind the registers.
    localparam int unsigned OperandBits = (MembraneBits > WeightBits) ? MembraneBits : WeightBits;
    localparam int unsigned FactorBits = ((ValueBits > rsnn_pkg::LeakFrac) ? ValueBits : rsnn_pkg::LeakFrac) + 1;
    localparam int unsigned MultiplierBits = 18;
    localparam bit Split = OperandBits > MultiplierBits;
    localparam int unsigned LowBits = Split ? MultiplierBits : OperandBits;
    localparam int unsigned ProductBits = LowBits + FactorBits;

    logic signed [OperandBits-1:0] operand_q;
    logic signed [FactorBits-1:0] factor_q;
    logic signed [LowBits-1:0] low;
    logic signed [ProductBits-1:0] product;
    logic [MembraneBits-1:0] low_q;

    assign product = low * factor_q;
    always_ff @(posedge clk_i) begin
      operand_q <= event_i ? OperandBits'(signed'(weight_i[0])) : OperandBits'(membrane_i);
      factor_q <= event_i ? FactorBits'(value_i[0]) : FactorBits'(alpha_i);
      low_q <= wipe_i ? '0 : MembraneBits'(leak_i ? product >>> rsnn_pkg::LeakFrac : product);
    end

    if (Split) begin : gen_high
      localparam int unsigned HighBits = OperandBits - LowBits + 1;
      localparam int unsigned HighFrom = LowBits - 1;
      logic signed [HighBits-1:0] high;
      logic signed [HighBits+FactorBits-1:0] high_product;
      logic [MembraneBits-1:0] high_q;

      assign low = {1'b0, operand_q[HighFrom-1:0]};
      assign high = operand_q[OperandBits-1:HighFrom];
      assign high_product = high * factor_q;
      always_ff @(posedge clk_i) begin
        high_q <= wipe_i ? '0
                : MembraneBits'(high_product) << (leak_i ? HighFrom - rsnn_pkg::LeakFrac : HighFrom);
      end
      assign sum_o = base + low_q + high_q + MembraneBits'(others_q);
    end else begin : gen_no_high
      assign low = operand_q;
      assign sum_o = base + low_q + MembraneBits'(others_q);
    end

    logic unused;
    assign unused = ^{weight_q, value_q};
  end
endmodule
