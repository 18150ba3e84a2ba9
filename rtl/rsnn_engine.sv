// LIAF engine: events into membranes on all lanes and taps, and the neuron pass.
// Contract: python/razorsnn/ops/synapse.py and ops/neuron.py; words and banks: ops/words.py.
//   order      pass: membrane words in the order of their addresses
//   latency    an event taken to its first membrane written: 8 cycles; a pass follows the last event's last output by
//              rsnn_pkg::DrainCycles. An event may be taken from the cycle after a pass's done_o on: the products of the
//              two are then apart, and its sum follows the last membrane of the pass. pass_i to done_o: words_out - 2 cycles,
//              at least 1. A pass's last output (out_last_o): words_out + rsnn_pkg::NeuronCycles after pass_i
//   constants  Alpha, Reset, Spike, TiesEven, OutMax: what all layers have instead of their row's field; negative: the field
//   shapes     where Streaming, the layers' membranes lie behind each other, from membrane_base on: out_addr_o is without it
//   handshake  events: valid/ready; pass_i only while free_o and when no event waits or is busy_o: free_o after words_out
//              cycles, at least rsnn_pkg::LeastPassCycles. out_begin_o comes the cycle before the first output of a pass
module rsnn_engine #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned LowerBits = 8,
  parameter int unsigned MembraneBits = 20,
  parameter int unsigned WeightDepth = 1024,
  parameter int unsigned UpperDepth = 0,
  parameter int unsigned BiasDepth = 16,
  parameter int unsigned MembraneDepth = 256,
  parameter int unsigned LoadBits = 512,
  parameter int Alpha = -1,
  parameter int Reset = -1,
  parameter int Spike = -1,
  parameter int TiesEven = -1,
  parameter int OutMax = -1,
  parameter bit Streaming = 1'b0,
  parameter string WeightFile = "",
  parameter string UpperFile = "",
  parameter string BiasFile = "",
  localparam int unsigned Slots = Lanes * Taps,
  localparam int unsigned WeightAddrWidth = (WeightDepth > 1) ? $clog2(WeightDepth) : 1,
  localparam int unsigned BiasAddrWidth = (BiasDepth > 1) ? $clog2(BiasDepth) : 1,
  localparam int unsigned MembraneAddrWidth = (MembraneDepth > 1) ? $clog2(MembraneDepth) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_ni,
  input  rsnn_pkg::layer_t                          layer_i,
  input  logic                                      event_valid_i,
  output logic                                      event_ready_o,
  input  logic [Inputs-1:0][ActBits-1:0]            event_value_i,
  input  logic [Inputs-1:0][WeightAddrWidth-1:0]    event_weight_i,
  input  logic [11:0]                               event_y_i,
  input  logic [11:0]                               event_x_i,
  input  logic                                      pass_i,
  input  logic                                      pass_init_i,
  output logic                                      busy_o,
  output logic                                      done_o,
  output logic                                      free_o,
  output logic [2:0]                                multiplies_o,
  output logic                                      out_begin_o,
  output logic                                      out_valid_o,
  output logic                                      out_last_o,
  output logic [MembraneAddrWidth-1:0]              out_addr_o,
  output logic [Slots-1:0][ActBits-1:0]             out_y_o,
  output logic signed [Slots-1:0][MembraneBits-1:0] out_u_o,
  output logic [11:0]                               out_saturated_o,
  input  logic [rsnn_pkg::Memories-1:0]             load_i,
  input  logic [23:0]                               load_addr_i,
  input  logic [LoadBits-1:0]                       load_data_i
);
  // Stages after the one in which a membrane's address is presented: its word, the neuron's output, and what a pass
  // writes back.
  localparam int unsigned Read = 3, Out = rsnn_pkg::NeuronCycles, Back = Out + 1;

  rsnn_pkg::layer_t layer_q, neuron_q;
  logic [MembraneAddrWidth-1:0] base, walk;
  logic tap_valid;
  logic [Inputs-1:0][ActBits-1:0] tap_value;
  logic [Inputs-1:0][WeightAddrWidth-1:0] tap_weight;
  logic [1:0] tap_turn_y, tap_turn_x;
  logic [Taps-1:0] tap_bank;
  logic [Taps-1:0][MembraneAddrWidth-1:0] tap_membrane;

  always_ff @(posedge clk_i) layer_q <= layer_i;

  rsnn_taps #(
    .Taps(Taps), .Inputs(Inputs), .ActBits(ActBits), .WeightAddrWidth(WeightAddrWidth),
    .MembraneAddrWidth(MembraneAddrWidth)
  ) u_taps (
    .clk_i, .rst_ni, .event_valid_i, .event_ready_o, .event_value_i, .event_weight_i, .event_y_i, .event_x_i,
    .deep_i(layer_q.deep), .reach_i(layer_q.reach), .span_i(layer_q.span), .step_log2_i(layer_q.step_log2),
    .pool_log2_i(layer_q.pool_log2),
    .rows_i(layer_q.rows), .columns_i(layer_q.columns), .groups_i(layer_q.groups_out), .pitch_i(layer_q.pitch),
    .base_i(base),
    .busy_o, .valid_o(tap_valid), .value_o(tap_value), .weight_o(tap_weight), .turn_y_o(tap_turn_y),
    .turn_x_o(tap_turn_x), .bank_o(tap_bank), .membrane_o(tap_membrane)
  );
  always_comb begin
    multiplies_o = '0;
    for (int unsigned n = 0; n < Inputs; n++) multiplies_o = multiplies_o + 3'(tap_valid && tap_value[n] != '0);
  end

  logic pass_word, pass_init, pass_last;
  logic [MembraneAddrWidth-1:0] pass_step;
  logic [BiasAddrWidth-1:0] pass_bias;
  logic [Taps-1:0] pass_exists;
  logic [Read+1:0] begun;

  rsnn_pass #(.Taps(Taps), .BiasDepth(BiasDepth), .MembraneDepth(MembraneDepth), .Since(Read + 2)) u_pass (
    .clk_i, .rst_ni, .layer_i, .pass_i, .pass_init_i, .done_o, .free_o, .word_o(pass_word), .init_o(pass_init),
    .last_o(pass_last), .step_o(pass_step), .bias_addr_o(pass_bias), .exists_o(pass_exists), .begun_o(begun)
  );

  // ---- Stage 0: an output of an event, or a word of a pass, presents its membrane's address. The sums of events are back
  // in three cycles; a pass comes back later, and the next event after it.
  typedef struct packed {
    logic pass_word;
    logic init;
    logic last;
    logic [MembraneAddrWidth-1:0] addr;
  } access_t;

  access_t at0;
  access_t at_q[1:Back-1];
  logic event0_q, event1_q;
  logic [Taps-1:0] bank0_q;
  logic [Inputs-1:0][ActBits-1:0] value0_q, value1_q;
  logic [Taps-1:0][MembraneAddrWidth-1:0] event_addr0_q;

  assign at0 = '{pass_word: pass_word, init: pass_init, last: pass_last, addr: walk};
  always_ff @(posedge clk_i) begin
    {event1_q, event0_q} <= rst_ni ? {event0_q, tap_valid} : '0;
    bank0_q <= (rst_ni && tap_valid) ? tap_bank : '0;
    {value1_q, value0_q} <= {value0_q, tap_value};
    event_addr0_q <= tap_membrane;
    at_q[1] <= at0;
    for (int unsigned stage = 2; stage < Back; stage++) at_q[stage] <= at_q[stage-1];
    if (!rst_ni) begin
      for (int unsigned stage = 1; stage < Back; stage++) at_q[stage].pass_word <= '0;
    end
  end

  // A memory a bank: an event's outputs are one in each at most, a pass reads the same word of all.
  logic [Taps-1:0][Lanes-1:0][MembraneBits-1:0] words, new_words;
  logic [Slots-1:0][MembraneBits-1:0] word, new_word, bias, bias_q;
  logic [Inputs-1:0][Slots-1:0][WeightBits-1:0] weight, turned;

  assign word = words;
  assign new_words = new_word;
  for (genvar bank = 0; bank < int'(Taps); bank++) begin : gen_bank
    logic [MembraneAddrWidth-1:0] addr, addr1_q, addr2_q;
    logic [Lanes*MembraneBits-1:0] stored;
    logic here1_q, here2_q, unused_stored;

    assign addr = pass_word ? walk : event_addr0_q[bank];
    assign unused_stored = ^stored;
    always_ff @(posedge clk_i) begin
      {addr2_q, addr1_q} <= {addr1_q, addr};
      {here2_q, here1_q} <= rst_ni ? {here1_q, bank0_q[bank]} : '0;
    end
    rsnn_forward #(.Width(Lanes * MembraneBits), .Depth(MembraneDepth)) u_membranes (
      .clk_i, .re_i(bank0_q[bank] || pass_word), .raddr_i(addr), .stored_o(stored), .data_o(words[bank]),
      .we_i(here2_q || at_q[Back-1].pass_word), .waddr_i(at_q[Back-1].pass_word ? at_q[Back-1].addr : addr2_q),
      .wdata_i(new_words[bank])
    );
  end
  rsnn_weights #(
    .Inputs(Inputs), .Slots(Slots), .WeightBits(WeightBits), .LowerBits(LowerBits), .Depth(WeightDepth),
    .UpperDepth(UpperDepth), .LoadBits(LoadBits), .WeightFile(WeightFile), .UpperFile(UpperFile)
  ) u_weights (
    .clk_i, .re_i(tap_valid), .addr_i(tap_weight), .weight_o(weight), .load_i, .load_addr_i, .load_data_i
  );

  logic [BiasAddrWidth-1:0] bias_addr[Back-1];
  assign bias_addr[0] = pass_bias;
  for (genvar stage = 1; stage < int'(Back) - 1; stage++) begin : gen_bias
    always_ff @(posedge clk_i) bias_addr[stage] <= bias_addr[stage-1];
  end
  rsnn_rom #(.Width(Slots * MembraneBits), .Depth(BiasDepth), .InitFile(BiasFile), .LoadBits(LoadBits)) u_bias (
    .clk_i, .re_i(1'b1), .addr_i(bias_addr[Back-2]), .data_o(bias),
    .load_i(load_i[rsnn_pkg::BiasMemory]), .load_addr_i, .load_data_i
  );

  rsnn_turn #(.Lanes(Lanes), .Taps(Taps), .Inputs(Inputs), .WeightBits(WeightBits)) u_turn (
    .clk_i, .turn_y_i(tap_turn_y), .turn_x_i(tap_turn_x), .weight_i(weight), .weight_o(turned)
  );

  logic [Taps-1:0] exists_q[1:Back-1];
  always_ff @(posedge clk_i) begin
    exists_q[1] <= pass_exists;
    for (int unsigned stage = 2; stage < Back; stage++) exists_q[stage] <= exists_q[stage-1];
  end

  // The neuron's fields are those of the pass whose words are at the neuron: the next layer's may be here already.
  always_ff @(posedge clk_i) begin
    if (begun[Read-1]) neuron_q <= layer_q;
  end
  assign out_begin_o = begun[Read+1];

  logic [1:0] reset;
  logic spike, ties_even;
  logic [7:0] out_max;
  assign reset = (Reset < 0) ? neuron_q.reset : 2'(Reset);
  assign spike = (Spike < 0) ? neuron_q.spike : 1'(Spike);
  assign ties_even = (TiesEven < 0) ? neuron_q.ties_even : 1'(TiesEven);
  assign out_max = (OutMax < 0) ? neuron_q.out_max : 8'(OutMax);

  // ---- Operands, products and sums: an event multiplies weight and value, a pass the reset membrane and alpha. Of a
  // readout that adds z nothing is left.
  logic [Slots-1:0] saturated;
  for (genvar i = 0; i < int'(Slots); i++) begin : gen_lane
    logic signed [MembraneBits-1:0] reset_u;
    logic [1:0][MembraneBits-1:0] u_late_q;
    logic [Inputs-1:0][WeightBits-1:0] lane_weight;

    for (genvar n = 0; n < int'(Inputs); n++) begin : gen_input
      assign lane_weight[n] = turned[n][i];
    end

    rsnn_neuron #(.MembraneBits(MembraneBits), .OutBits(ActBits)) u_neuron (
      .clk_i, .u_i(word[i]), .v_th_i(MembraneBits'(neuron_q.v_th)), .reset_i(reset), .spike_i(spike), .ties_even_i(ties_even),
      .out_shift_i(neuron_q.out_shift), .out_max_i(out_max), .y_o(out_y_o[i]), .saturated_o(saturated[i]), .reset_u_o(reset_u)
    );

    // After a pass a membrane holds h + bias, after the first one of a layer the bias.
    rsnn_mac #(
      .Inputs(Inputs), .WeightBits(WeightBits), .ValueBits(ActBits), .MembraneBits(MembraneBits), .Alpha(Alpha)
    ) u_mac (
      .clk_i, .event_i(event1_q), .weight_i(lane_weight), .value_i(value1_q), .membrane_i(reset_u), .alpha_i(neuron_q.alpha),
      .leak_i(at_q[Back-1].pass_word), .wipe_i(at_q[Back-1].pass_word && (at_q[Back-1].init || neuron_q.signed_sum)),
      .word_i(word[i]), .bias_i(bias_q[i]), .sum_o(new_word[i])
    );

    always_ff @(posedge clk_i) begin
      u_late_q <= {u_late_q[0], word[i]};
      bias_q[i] <= exists_q[Back-1][i/int'(Lanes)] ? bias[i] : '0;
    end
    assign out_u_o[i] = u_late_q[1];
  end

  if (Streaming) begin : gen_behind_each_other
    logic [MembraneAddrWidth-1:0] walk_q, out_step_q;
    assign base = MembraneAddrWidth'(layer_q.membrane_base);
    assign walk = walk_q;
    assign out_addr_o = out_step_q;
    always_ff @(posedge clk_i) begin
      walk_q <= pass_i ? base : walk_q + 1'b1;
      out_step_q <= out_begin_o ? '0 : out_step_q + 1'b1;
    end
  end else begin : gen_one_layer
    assign base = '0;
    assign walk = pass_step;
    assign out_addr_o = at_q[Out].addr;
  end
  always_ff @(posedge clk_i) begin
    out_valid_o <= rst_ni && at_q[Out-1].pass_word && !at_q[Out-1].init;
    out_last_o <= rst_ni && at_q[Out-1].pass_word && !at_q[Out-1].init && at_q[Out-1].last;
    out_saturated_o <= (out_valid_o && !neuron_q.last) ? 12'($countones(saturated)) : '0;
  end

  // Fields that belong to other blocks.
  logic unused;
  assign unused = ^{layer_q, neuron_q, pass_step, load_i, load_addr_i};
endmodule
