// The weights of an engine: a word of all slots for each event that it takes at once.
// Contract: python/razorsnn/plan.py (lower_weights, upper_weights).
//   shapes     every word has LowerBits of each weight; the first UpperDepth words have the bits above those in a memory of
//              their own, and of the others these are the sign
//   latency    two cycles after re_i
//   handshake  as rsnn_many_rom
module rsnn_weights #(
  parameter int unsigned Inputs = 1,
  parameter int unsigned Slots = 4,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned LowerBits = 8,
  parameter int unsigned Depth = 64,
  parameter int unsigned UpperDepth = 0,
  parameter int unsigned LoadBits = 512,
  parameter string WeightFile = "",
  parameter string UpperFile = "",
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                                         clk_i,
  input  logic                                         re_i,
  input  logic [Inputs-1:0][AddrWidth-1:0]             addr_i,
  output logic [Inputs-1:0][Slots-1:0][WeightBits-1:0] weight_o,
  input  logic [rsnn_pkg::Memories-1:0]                load_i,
  input  logic [23:0]                                  load_addr_i,
  input  logic [LoadBits-1:0]                          load_data_i
);
  logic [Inputs-1:0][Slots-1:0][LowerBits-1:0] lower;

  rsnn_many_rom #(
    .Reads(Inputs), .Width(Slots * LowerBits), .Depth(Depth), .InitFile(WeightFile), .LoadBits(LoadBits)
  ) u_lower (
    .clk_i, .re_i, .addr_i, .data_o(lower),
    .load_i(load_i[rsnn_pkg::WeightMemory]), .load_addr_i, .load_data_i
  );

  if (UpperDepth > 0 && WeightBits > LowerBits) begin : gen_upper
    localparam int unsigned UpperBits = WeightBits - LowerBits;
    localparam int unsigned UpperAddrWidth = (UpperDepth > 1) ? $clog2(UpperDepth) : 1;
    logic [Inputs-1:0][Slots-1:0][UpperBits-1:0] upper;
    logic [Inputs-1:0][UpperAddrWidth-1:0] upper_addr;
    logic [Inputs-1:0] has_upper1_q, has_upper2_q;

    rsnn_many_rom #(
      .Reads(Inputs), .Width(Slots * UpperBits), .Depth(UpperDepth), .InitFile(UpperFile), .LoadBits(LoadBits)
    ) u_upper (
      .clk_i, .re_i, .addr_i(upper_addr), .data_o(upper),
      .load_i(load_i[rsnn_pkg::UpperMemory]), .load_addr_i, .load_data_i
    );
    for (genvar n = 0; n < int'(Inputs); n++) begin : gen_input
      assign upper_addr[n] = UpperAddrWidth'(addr_i[n]);
      always_ff @(posedge clk_i) {has_upper2_q[n], has_upper1_q[n]} <= {has_upper1_q[n], 32'(addr_i[n]) < UpperDepth};
      for (genvar i = 0; i < int'(Slots); i++) begin : gen_slot
        assign weight_o[n][i] = {has_upper2_q[n] ? upper[n][i] : {UpperBits{lower[n][i][LowerBits-1]}}, lower[n][i]};
      end
    end
  end else begin : gen_no_upper
    for (genvar n = 0; n < int'(Inputs); n++) begin : gen_input
      for (genvar i = 0; i < int'(Slots); i++) begin : gen_slot
        assign weight_o[n][i] = WeightBits'(signed'(lower[n][i]));
      end
    end
  end

  // Other memories are loaded elsewhere.
  logic unused_load;
  assign unused_load = ^load_i;
endmodule
