// Multiply and add: a membrane and the product of weight and value, or a bias and what leaks of a membrane.
// Contract: python/razorsnn/ops/neuron.py, ops/synapse.py.
//   equation   sum = base + operand * factor, or base + floor(operand * factor / 2 ** LeakFrac) where leak_i; base if wipe_i
//   widths     modulo 2 ** MembraneBits: plan.py proves that nothing is lost
//   latency    operand_i and factor_i to sum_o: 2 cycles, of which leak_i and wipe_i come in the second, base_i in the third
//   handshake  none: one a cycle
// A kept hierarchy has registers of its own: a factor that all lanes share is at hand at the multiplier of each.
(* keep_hierarchy = "yes" *)
module rsnn_mac #(
  parameter int unsigned OperandBits = 20,
  parameter int unsigned FactorBits = 9,
  parameter int unsigned MembraneBits = 20
) (
  input  logic                           clk_i,
  input  logic signed [OperandBits-1:0]  operand_i,
  input  logic signed [FactorBits-1:0]   factor_i,
  input  logic                           leak_i,
  input  logic                           wipe_i,
  input  logic [MembraneBits-1:0]        base_i,
  output logic [MembraneBits-1:0]        sum_o
);
  // A multiplier takes 18 bits with a sign; what is above has one of its own, and joins in the sum behind the registers.
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
    operand_q <= operand_i;
    factor_q <= factor_i;
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
    assign sum_o = base_i + low_q + high_q;
  end else begin : gen_no_high
    assign low = operand_q;
    assign sum_o = base_i + low_q;
  end
endmodule
