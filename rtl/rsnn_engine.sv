// LIAF engine: events into membranes on all lanes, and the neuron pass.
// Contract: python/razorsnn/ops/synapse.py and ops/neuron.py.
//   order      pass: membrane words in the order of their addresses
//   latency    an event taken to its first membrane written: 8 cycles; a pass follows the last event's last output by
//              rsnn_pkg::DrainCycles, an event a pass's done_o by one. pass_i to done_o: words_out + 1 cycles, or
//              rsnn_pkg::LeastPassCycles + 1; a pass's last output (out_last_o): words_out + rsnn_pkg::NeuronCycles after pass_i
//   handshake  events: valid/ready; pass_i only when no event waits or is busy_o; out_begin_o comes the cycle before the
//              first output of a pass
module rsnn_engine #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned WeightDepth = 1024,
  parameter int unsigned BiasDepth = 16,
  parameter int unsigned MembraneDepth = 256,
  parameter int unsigned LoadBits = 512,
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
  output logic                                      busy_o,
  output logic                                      done_o,
  output logic                                      multiply_o,
  output logic                                      out_begin_o,
  output logic                                      out_valid_o,
  output logic                                      out_last_o,
  output logic [MembraneAddrWidth-1:0]              out_addr_o,
  output logic [Lanes-1:0][ActBits-1:0]             out_y_o,
  output logic signed [Lanes-1:0][MembraneBits-1:0] out_u_o,
  output logic [7:0]                                out_saturated_o,
  input  logic [rsnn_pkg::Memories-1:0]             load_i,
  input  logic [23:0]                               load_addr_i,
  input  logic [LoadBits-1:0]                       load_data_i
);
  localparam int unsigned OperandBits = (MembraneBits > WeightBits) ? MembraneBits : WeightBits;
  localparam int unsigned ProductBits = OperandBits + 9;
  localparam int unsigned StepWidth = (MembraneAddrWidth > $clog2(rsnn_pkg::LeastPassCycles)) ? MembraneAddrWidth
                                                                                       : $clog2(rsnn_pkg::LeastPassCycles);
  // Stages after the one in which a membrane's address is presented: its word, the neuron's output, and what a pass
  // writes back.
  localparam int unsigned Read = 2, Out = rsnn_pkg::NeuronCycles, Back = Out + 1;

  rsnn_pkg::layer_t layer_q, neuron_q;
  logic tap_valid;
  logic [ActBits-1:0] tap_value;
  logic [WeightAddrWidth-1:0] tap_weight;
  logic [MembraneAddrWidth-1:0] tap_membrane;

  always_ff @(posedge clk_i) layer_q <= layer_i;

  rsnn_taps #(
    .ActBits(ActBits), .WeightAddrWidth(WeightAddrWidth), .MembraneAddrWidth(MembraneAddrWidth)
  ) u_taps (
    .clk_i, .rst_ni, .event_valid_i, .event_ready_o, .event_value_i, .event_weight_i, .event_y_i, .event_x_i,
    .reach_i(layer_q.reach), .span_i(layer_q.span), .step_log2_i(layer_q.step_log2), .pool_log2_i(layer_q.pool_log2),
    .rows_i(layer_q.rows), .columns_i(layer_q.columns), .groups_i(layer_q.groups_out), .pitch_i(layer_q.pitch),
    .busy_o, .valid_o(tap_valid), .value_o(tap_value), .weight_o(tap_weight), .membrane_o(tap_membrane)
  );
  assign multiply_o = tap_valid;

  // ---- Pass: walks the membrane words; its bias words repeat with every position. A short one waits for its outputs.
  logic pass_q, init_q, pass_word, last_word;
  logic [StepWidth-1:0] step_q;
  logic [BiasAddrWidth-1:0] bias_addr_q;
  logic [11:0] group_q;
  logic [23:0] words_q, steps_q;

  assign pass_word = pass_q && 24'(step_q) < words_q;
  assign last_word = 24'(step_q) == words_q - 1'b1;
  always_ff @(posedge clk_i) begin
    words_q <= layer_i.words_out;
    steps_q <= (layer_i.words_out < 24'(rsnn_pkg::LeastPassCycles)) ? 24'(rsnn_pkg::LeastPassCycles) : layer_i.words_out;
    done_o <= rst_ni && pass_q && 24'(step_q) == steps_q - 1'b1;
    if (!rst_ni) begin
      pass_q <= 1'b0;
    end else if (pass_i) begin
      pass_q <= 1'b1;
      init_q <= pass_init_i;
      step_q <= '0;
      group_q <= '0;
      bias_addr_q <= BiasAddrWidth'(layer_q.bias_base);
    end else if (pass_q) begin
      pass_q <= 24'(step_q) != steps_q - 1'b1;
      step_q <= step_q + 1'b1;
      group_q <= group_q + 1'b1;
      bias_addr_q <= bias_addr_q + 1'b1;
      if (group_q == layer_q.groups_out - 1'b1) begin
        group_q <= '0;
        bias_addr_q <= BiasAddrWidth'(layer_q.bias_base);
      end
    end
  end

  // ---- Stage 0: an output of an event, or a word of a pass, presents its membrane's address. Events are multiplied
  // before, so that their sums are back in two cycles; a pass comes back later, and the next event after it.
  typedef struct packed {
    logic event_word;
    logic pass_word;
    logic init;
    logic last;
    logic [MembraneAddrWidth-1:0] addr;
  } access_t;

  access_t at0;
  access_t at_q[1:Back];
  logic event_q, event_early_q;
  logic [ActBits-1:0] value_q, value_early_q;
  logic [MembraneAddrWidth-1:0] event_addr_q, event_addr_early_q;

  assign at0 = '{
    event_word: event_q, pass_word: pass_word, init: init_q, last: last_word,
    addr: pass_word ? MembraneAddrWidth'(step_q) : event_addr_q
  };
  always_ff @(posedge clk_i) begin
    {event_q, event_early_q} <= rst_ni ? {event_early_q, tap_valid} : '0;
    {value_q, value_early_q} <= {value_early_q, tap_value};
    {event_addr_q, event_addr_early_q} <= {event_addr_early_q, tap_membrane};
    at_q[1] <= at0;
    for (int unsigned stage = 2; stage <= Back; stage++) at_q[stage] <= at_q[stage-1];
    if (!rst_ni) begin
      for (int unsigned stage = 1; stage <= Back; stage++) {at_q[stage].event_word, at_q[stage].pass_word} <= '0;
    end
  end

  logic write;
  logic [MembraneAddrWidth-1:0] write_addr;
  logic [Lanes-1:0][MembraneBits-1:0] word, new_word, bias, bias_q, stored;
  logic [Lanes-1:0][WeightBits-1:0] weight, weight_q;

  assign write = at_q[Read].event_word || at_q[Back].pass_word;
  assign write_addr = at_q[Back].pass_word ? at_q[Back].addr : at_q[Read].addr;
  rsnn_forward #(.Width(Lanes * MembraneBits), .Depth(MembraneDepth)) u_membranes (
    .clk_i, .re_i(event_q || pass_word), .raddr_i(at0.addr), .stored_o(stored), .data_o(word),
    .we_i(write), .waddr_i(write_addr), .wdata_i(new_word)
  );
  rsnn_rom #(.Width(Lanes * WeightBits), .Depth(WeightDepth), .InitFile(WeightFile), .LoadBits(LoadBits)) u_weights (
    .clk_i, .re_i(tap_valid), .addr_i(tap_weight), .data_o(weight),
    .load_i(load_i[rsnn_pkg::WeightMemory]), .load_addr_i, .load_data_i
  );

  logic [BiasAddrWidth-1:0] bias_addr[Back-1];
  assign bias_addr[0] = bias_addr_q;
  for (genvar stage = 1; stage < int'(Back) - 1; stage++) begin : gen_bias
    always_ff @(posedge clk_i) bias_addr[stage] <= bias_addr[stage-1];
  end
  rsnn_rom #(.Width(Lanes * MembraneBits), .Depth(BiasDepth), .InitFile(BiasFile), .LoadBits(LoadBits)) u_bias (
    .clk_i, .re_i(1'b1), .addr_i(bias_addr[Back-2]), .data_o(bias),
    .load_i(load_i[rsnn_pkg::BiasMemory]), .load_addr_i, .load_data_i
  );

  // The neuron's fields are those of the pass whose words are at the neuron: the next layer's may be here already.
  logic [Read+1:0] begun_q;
  always_ff @(posedge clk_i) begin
    begun_q <= rst_ni ? {begun_q[Read:0], pass_i} : '0;
    if (begun_q[Read]) neuron_q <= layer_q;
  end
  assign out_begin_o = begun_q[Read+1];

  // ---- Operands, products and sums: an event multiplies weight and value, a pass the reset membrane and alpha.
  logic back, wipe;
  logic [Lanes-1:0] saturated;
  assign back = at_q[Back].pass_word;
  assign wipe = back && at_q[Back].init;
  for (genvar i = 0; i < int'(Lanes); i++) begin : gen_lane
    logic signed [MembraneBits-1:0] u_q, reset_u, term;
    logic [1:0][MembraneBits-1:0] u_late_q;
    logic signed [OperandBits-1:0] operand_q;
    logic signed [8:0] factor_q;
    logic signed [ProductBits-1:0] product_q;

    rsnn_neuron #(.MembraneBits(MembraneBits), .OutBits(ActBits)) u_neuron (
      .clk_i, .u_i(u_q), .v_th_i(MembraneBits'(neuron_q.v_th)), .reset_i(neuron_q.reset), .spike_i(neuron_q.spike),
      .ties_even_i(neuron_q.ties_even), .out_shift_i(neuron_q.out_shift), .out_max_i(neuron_q.out_max),
      .y_o(out_y_o[i]), .saturated_o(saturated[i]), .reset_u_o(reset_u)
    );

    always_ff @(posedge clk_i) begin
      u_q <= word[i];
      u_late_q <= {u_late_q[0], u_q};
      operand_q <= event_q ? OperandBits'(signed'(weight_q[i])) : OperandBits'(reset_u);
      factor_q <= event_q ? signed'(9'(value_q)) : signed'({1'b0, neuron_q.alpha});
      product_q <= operand_q * factor_q;
      bias_q[i] <= bias[i];
      weight_q[i] <= weight[i];
    end
    assign out_u_o[i] = u_late_q[1];

    // After a pass a membrane holds h + bias, after the first one of a layer the bias.
    assign term = MembraneBits'(back ? product_q >>> rsnn_pkg::LeakFrac : product_q);
    assign new_word[i] = (back ? bias_q[i] : word[i]) + (wipe ? '0 : term);
  end

  assign out_valid_o = at_q[Out].pass_word && !at_q[Out].init;
  assign out_last_o = out_valid_o && at_q[Out].last;
  assign out_addr_o = at_q[Out].addr;
  always_ff @(posedge clk_i) begin
    out_saturated_o <= (out_valid_o && !neuron_q.last) ? 8'($countones(saturated)) : '0;
  end

  // Fields that belong to other blocks.
  logic unused;
  assign unused = ^{layer_q, neuron_q, stored};
endmodule
