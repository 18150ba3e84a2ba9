// LIAF engine: events into membranes on all lanes, and the neuron pass.
// Contract: python/razorsnn/ops/synapse.py and ops/neuron.py.
//   order      pass: membrane words in the order of their addresses
//   latency    event_valid_i to its first membrane written: 4 cycles; a pass: words_out + 2 cycles from pass_i to done_o
//   handshake  events: valid/ready; pass_i only when no event is on its way; done_o pulses with a pass's last write
module rsnn_engine #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned WeightDepth = 1024,
  parameter int unsigned BiasDepth = 16,
  parameter int unsigned MembraneDepth = 256,
  parameter string WeightFile = "",
  parameter string BiasFile = "",
  localparam int unsigned WeightAddrWidth = (WeightDepth > 1) ? $clog2(WeightDepth) : 1,
  localparam int unsigned BiasAddrWidth = (BiasDepth > 1) ? $clog2(BiasDepth) : 1,
  localparam int unsigned MembraneAddrWidth = (MembraneDepth > 1) ? $clog2(MembraneDepth) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_ni,
  input  rsnn_pkg::layer_t                          layer_i,
  input  logic                                      event_valid_i,
  output logic                                      event_ready_o,
  input  logic [ActBits-1:0]                        event_value_i,
  input  logic [WeightAddrWidth-1:0]                event_weight_i,
  input  logic [11:0]                               event_y_i,
  input  logic [11:0]                               event_x_i,
  input  logic                                      pass_i,
  input  logic                                      pass_init_i,
  output logic                                      done_o,
  output logic                                      multiply_o,
  output logic                                      out_valid_o,
  output logic [MembraneAddrWidth-1:0]              out_addr_o,
  output logic [Lanes-1:0][ActBits-1:0]             out_y_o,
  output logic signed [Lanes-1:0][MembraneBits-1:0] out_u_o,
  output logic [7:0]                                out_saturated_o
);
  localparam int unsigned OperandBits = (MembraneBits > WeightBits) ? MembraneBits : WeightBits;
  localparam int unsigned ProductBits = OperandBits + 9;

  logic tap_valid, pass_q, init_q;
  logic [ActBits-1:0] tap_value;
  logic [WeightAddrWidth-1:0] tap_weight;
  logic [MembraneAddrWidth-1:0] tap_membrane, pass_addr_q, addr0;
  logic [BiasAddrWidth-1:0] bias_addr_q;
  logic [11:0] pass_group_q;
  logic last_word, valid0;

  rsnn_taps #(
    .ActBits(ActBits), .WeightAddrWidth(WeightAddrWidth), .MembraneAddrWidth(MembraneAddrWidth)
  ) u_taps (
    .clk_i, .rst_ni, .event_valid_i, .event_ready_o, .event_value_i, .event_weight_i, .event_y_i, .event_x_i,
    .reach_i(layer_i.reach), .span_i(layer_i.span), .step_log2_i(layer_i.step_log2), .pool_log2_i(layer_i.pool_log2),
    .rows_i(layer_i.rows), .columns_i(layer_i.columns), .groups_i(layer_i.groups_out), .pitch_i(layer_i.pitch),
    .valid_o(tap_valid), .value_o(tap_value), .weight_o(tap_weight), .membrane_o(tap_membrane)
  );

  // The neuron pass walks the membrane words; its bias words repeat with every position.
  assign last_word = 24'(pass_addr_q) == layer_i.words_out - 1'b1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pass_q <= 1'b0;
    end else if (pass_i) begin
      pass_q <= 1'b1;
      init_q <= pass_init_i;
      pass_addr_q <= '0;
      pass_group_q <= '0;
      bias_addr_q <= BiasAddrWidth'(layer_i.bias_base);
    end else if (pass_q) begin
      pass_q <= !last_word;
      pass_addr_q <= pass_addr_q + 1'b1;
      pass_group_q <= pass_group_q + 1'b1;
      bias_addr_q <= bias_addr_q + 1'b1;
      if (pass_group_q == layer_i.groups_out - 1'b1) begin
        pass_group_q <= '0;
        bias_addr_q <= BiasAddrWidth'(layer_i.bias_base);
      end
    end
  end

  // Stage 0: one of the two presents an address.
  assign valid0 = tap_valid || pass_q;
  assign addr0 = pass_q ? pass_addr_q : tap_membrane;
  assign multiply_o = tap_valid;

  logic [Lanes-1:0][MembraneBits-1:0] read1, old2, new2, bias1, bias2_q;
  logic [Lanes-1:0][WeightBits-1:0] weight1;
  logic pass1_q, pass2_q, init1_q, init2_q, last1_q, last2_q;
  logic [ActBits-1:0] value1_q;
  logic [MembraneAddrWidth-1:0] addr1_q;
  logic [Lanes-1:0] saturated1;
  logic [Lanes-1:0][ActBits-1:0] y1;
  logic signed [ProductBits-1:0] product2_q [Lanes];

  rsnn_rmw #(.Width(Lanes * MembraneBits), .Depth(MembraneDepth)) u_membranes (
    .clk_i, .rst_ni, .valid_i(valid0), .addr_i(addr0), .read_o(read1), .old_o(old2), .write_i(1'b1), .new_i(new2)
  );
  rsnn_rom #(.Width(Lanes * WeightBits), .Depth(WeightDepth), .InitFile(WeightFile)) u_weights (
    .clk_i, .re_i(tap_valid), .addr_i(tap_weight), .data_o(weight1)
  );
  rsnn_rom #(.Width(Lanes * MembraneBits), .Depth(BiasDepth), .InitFile(BiasFile)) u_bias (
    .clk_i, .re_i(pass_q), .addr_i(bias_addr_q), .data_o(bias1)
  );

  // Stage 1: a tap multiplies weight and value, a pass multiplies the reset membrane and alpha.
  for (genvar i = 0; i < int'(Lanes); i++) begin : gen_lane
    logic signed [MembraneBits-1:0] reset_u;
    logic signed [OperandBits-1:0] operand;
    logic signed [8:0] factor;

    rsnn_neuron #(.MembraneBits(MembraneBits), .OutBits(ActBits)) u_neuron (
      .u_i(read1[i]), .v_th_i(MembraneBits'(layer_i.v_th)), .reset_i(layer_i.reset), .spike_i(layer_i.spike),
      .ties_even_i(layer_i.ties_even), .out_shift_i(layer_i.out_shift), .out_max_i(layer_i.out_max),
      .y_o(y1[i]), .saturated_o(saturated1[i]), .reset_u_o(reset_u)
    );
    assign operand = pass1_q ? OperandBits'(reset_u) : OperandBits'(signed'(weight1[i]));
    assign factor = pass1_q ? signed'({1'b0, layer_i.alpha}) : signed'(9'(value1_q));

    always_ff @(posedge clk_i) product2_q[i] <= operand * factor;

    // Stage 2: into the membrane; after a pass it holds h + bias, after the first one of a layer the bias.
    assign new2[i] = pass2_q ? bias2_q[i] + (init2_q ? '0 : MembraneBits'(product2_q[i] >>> rsnn_pkg::LeakFrac))
                             : old2[i] + MembraneBits'(product2_q[i]);
  end

  always_ff @(posedge clk_i) begin
    value1_q <= tap_value;
    addr1_q <= addr0;
    init1_q <= init_q;
    init2_q <= init1_q;
    bias2_q <= bias1;
    out_addr_o <= addr1_q;
    out_y_o <= y1;
    out_u_o <= read1;
    out_saturated_o <= 8'($countones(saturated1));
    if (!rst_ni) {pass1_q, pass2_q, last1_q, last2_q} <= '0;
    else {pass1_q, pass2_q, last1_q, last2_q} <= {pass_q, pass1_q, pass_q && last_word, last1_q};
  end

  assign out_valid_o = pass2_q && !init2_q;
  assign done_o = last2_q;

  // Fields that belong to other blocks.
  logic unused;
  assign unused = ^layer_i;
endmodule
