// Activation stores of a stage, and its source and sink beside them: what layers and gates read and write.
// Contract: docs/architecture.md (stages); words: python/razorsnn/ops/words.py.
//   order      even layers write the even store, which odd layers and their gates read, and the other way round; the first
//              layer reads the source. Outputs that sink, and the gate behind them (handing_i), are in the sink
//   latency    as of rsnn_store; of source and sink as of what is behind their ports
//   handshake  first_i, even_i and handing_i tell whose accesses come; out_we_i of outputs that no layer reads only with
//              out_sinks_i. The scanner has a port of its own; the other one is the razor's on the store that its layer
//              reads, the engine's on the one that it does not
module rsnn_stores #(
  parameter int unsigned Slots = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned SourceBits = 4,
  parameter int unsigned ActivationBits = 4,
  parameter int unsigned SourceDepth = 168,
  parameter int unsigned SinkDepth = 1,
  parameter int unsigned EvenDepth = 168,
  parameter int unsigned OddDepth = 168,
  parameter int unsigned AddrWidth = 8,
  parameter bit HandsOn = 1'b0,
  localparam int unsigned SourceAddrWidth = (SourceDepth > 1) ? $clog2(SourceDepth) : 1,
  localparam int unsigned SinkAddrWidth = (SinkDepth > 1) ? $clog2(SinkDepth) : 1
) (
  input  logic                                 clk_i,
  input  logic                                 first_i,
  input  logic                                 even_i,
  input  logic                                 handing_i,
  input  logic                                 scan_re_i,
  input  logic [AddrWidth-1:0]                 scan_addr_i,
  output logic [Slots-1:0][ActBits-1:0]        scan_data_o,
  input  logic                                 razor_we_i,
  input  logic [AddrWidth-1:0]                 razor_addr_i,
  input  logic [Slots-1:0][ActBits-1:0]        razor_data_i,
  output logic [Slots-1:0][ActBits-1:0]        razor_data_o,
  input  logic                                 out_we_i,
  input  logic                                 out_sinks_i,
  input  logic [AddrWidth-1:0]                 out_addr_i,
  input  logic [Slots-1:0][ActBits-1:0]        out_data_i,
  output logic                                 source_re_o,
  output logic [SourceAddrWidth-1:0]           source_addr_o,
  input  logic [Slots-1:0][SourceBits-1:0]     source_data_i,
  output logic                                 sink_we_o,
  output logic [SinkAddrWidth-1:0]             sink_addr_o,
  output logic [Slots-1:0][ActivationBits-1:0] sink_data_o,
  input  logic [Slots-1:0][ActivationBits-1:0] sink_data_i
);
  localparam int unsigned EvenAddrWidth = (EvenDepth > 1) ? $clog2(EvenDepth) : 1;
  localparam int unsigned OddAddrWidth = (OddDepth > 1) ? $clog2(OddDepth) : 1;

  typedef logic [Slots-1:0][ActBits-1:0] word_t;
  typedef logic [Slots-1:0][ActivationBits-1:0] stored_t;

  function automatic stored_t stored(word_t word);
    for (int unsigned i = 0; i < Slots; i++) stored[i] = ActivationBits'(word[i]);
  endfunction

  function automatic word_t loaded(stored_t word);
    for (int unsigned i = 0; i < Slots; i++) loaded[i] = ActBits'(word[i]);
  endfunction

  logic razor_write, out_write;
  word_t source_word;
  stored_t even_scan, odd_scan, even_razor, odd_razor, razor_data, out_data;

  always_comb begin
    for (int unsigned i = 0; i < Slots; i++) source_word[i] = ActBits'(source_data_i[i]);
  end
  assign source_re_o = scan_re_i && first_i;
  assign source_addr_o = SourceAddrWidth'(scan_addr_i);
  assign scan_data_o = first_i ? source_word : loaded(even_i ? even_scan : odd_scan);
  assign razor_data_o = loaded(handing_i ? sink_data_i : even_i ? even_razor : odd_razor);
  assign razor_write = razor_we_i && !handing_i;
  assign razor_data = stored(razor_data_i);
  assign out_write = out_we_i && !out_sinks_i;
  assign out_data = stored(out_data_i);

  rsnn_store #(.Width($bits(stored_t)), .Depth(EvenDepth)) u_even (
    .clk_i, .a_re_i(scan_re_i && even_i), .a_addr_i(EvenAddrWidth'(scan_addr_i)), .a_data_o(even_scan),
    .b_we_i(even_i ? razor_write : out_write), .b_addr_i(EvenAddrWidth'(even_i ? razor_addr_i : out_addr_i)),
    .b_data_i(even_i ? razor_data : out_data), .b_data_o(even_razor)
  );
  rsnn_store #(.Width($bits(stored_t)), .Depth(OddDepth)) u_odd (
    .clk_i, .a_re_i(scan_re_i && !even_i && !first_i), .a_addr_i(OddAddrWidth'(scan_addr_i)), .a_data_o(odd_scan),
    .b_we_i(even_i ? out_write : razor_write), .b_addr_i(OddAddrWidth'(even_i ? out_addr_i : razor_addr_i)),
    .b_data_i(even_i ? out_data : razor_data), .b_data_o(odd_razor)
  );
  if (HandsOn) begin : gen_sink
    assign sink_we_o = handing_i ? razor_we_i : out_we_i && out_sinks_i;
    assign sink_addr_o = SinkAddrWidth'(handing_i ? razor_addr_i : out_addr_i);
    assign sink_data_o = handing_i ? razor_data : out_data;
  end else begin : gen_no_sink
    assign {sink_we_o, sink_addr_o, sink_data_o} = '0;
  end

  // Each store takes the bits of an address that it has.
  logic unused;
  assign unused = ^{scan_addr_i, razor_addr_i, out_addr_i, sink_data_i};
endmodule
