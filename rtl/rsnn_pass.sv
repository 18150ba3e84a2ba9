// Neuron pass: walks the membrane words of a frame, a word a cycle; its bias words repeat with every position.
// Contract: python/razorsnn/ops/neuron.py; words and banks: ops/words.py; cycles: ops/timeline.py.
//   order      words in the order of their addresses: groups of channels, then positions or tiles
//   latency    pass_i to the first word: 1 cycle, to done_o: words_out - 2, at least 1, to free_o: words_out, at least
//              rsnn_pkg::LeastPassCycles. begun_o[n]: pass_i came n + 1 cycles ago
//   handshake  pass_i only while free_o; layer_i stands from the cycle before it to the last word; init_o is the pass_init_i of it
module rsnn_pass #(
  parameter int unsigned Taps = 1,
  parameter int unsigned BiasDepth = 16,
  parameter int unsigned MembraneDepth = 256,
  parameter int unsigned Since = 5,
  localparam int unsigned BiasAddrWidth = (BiasDepth > 1) ? $clog2(BiasDepth) : 1,
  localparam int unsigned MembraneAddrWidth = (MembraneDepth > 1) ? $clog2(MembraneDepth) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  rsnn_pkg::layer_t             layer_i,
  input  logic                         pass_i,
  input  logic                         pass_init_i,
  output logic                         done_o,
  output logic                         free_o,
  output logic                         word_o,
  output logic                         init_o,
  output logic                         last_o,
  output logic [MembraneAddrWidth-1:0] step_o,
  output logic [BiasAddrWidth-1:0]     bias_addr_o,
  output logic [Taps-1:0]              exists_o,
  output logic [Since-1:0]             begun_o
);
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1;

  // Wide enough for the words of a frame, and for the 4 that are looked ahead.
  typedef logic [MembraneAddrWidth+1:0] words_t;

  rsnn_pkg::layer_t layer_q;
  words_t words_q, step;
  logic last, last_in_group_q, one_group_q;
  logic [11:0] group_q, before_last_group_q;

  assign step = words_t'(step_o);
  assign last = step + words_t'(2) == words_q;
  always_ff @(posedge clk_i) begin
    layer_q <= layer_i;
    words_q <= words_t'(layer_i.words_out);
    before_last_group_q <= layer_i.groups_out - 12'd2;
    one_group_q <= layer_i.groups_out == 12'd1;
    last_in_group_q <= (pass_i || last_in_group_q) ? one_group_q : group_q == before_last_group_q;
    begun_o <= rst_ni ? {begun_o[Since-2:0], pass_i} : '0;
    done_o <= rst_ni && (pass_i ? words_q <= words_t'(3) : word_o && step + words_t'(4) == words_q);
    // Compared a cycle before they are needed.
    last_o <= pass_i ? words_q == words_t'(1) : last;
    free_o <= !rst_ni || (!pass_i && !(word_o && !last_o && !last) && begun_o[rsnn_pkg::LeastPassCycles-3:0] == '0);
    if (!rst_ni) begin
      word_o <= 1'b0;
    end else if (pass_i) begin
      word_o <= 1'b1;
      init_o <= pass_init_i;
      step_o <= '0;
      group_q <= '0;
      bias_addr_o <= BiasAddrWidth'(layer_q.bias_base);
    end else if (word_o) begin
      word_o <= !last_o;
      step_o <= step_o + 1'b1;
      group_q <= group_q + 1'b1;
      bias_addr_o <= bias_addr_o + 1'b1;
      if (last_in_group_q) begin
        group_q <= '0;
        bias_addr_o <= BiasAddrWidth'(layer_q.bias_base);
      end
    end
  end

  // ---- Neurons of a tile that lie beyond the map do not exist: without a bias, and with no event, they stay 0.
  if (Taps > 1) begin : gen_exists
    logic [11:0] x_q, y_q;
    for (genvar bank = 0; bank < int'(Taps); bank++) begin : gen_bank
      assign exists_o[bank] = layer_q.deep
                           || (13'(y_q) + 13'(bank / Side) < 13'(layer_q.rows) && 13'(x_q) + 13'(bank % Side) < 13'(layer_q.columns));
    end
    always_ff @(posedge clk_i) begin
      if (pass_i) {x_q, y_q} <= '0;
      else if (word_o && last_in_group_q) begin
        x_q <= x_q + 12'(Side);
        if (13'(x_q) + 13'(Side) >= 13'(layer_q.columns)) begin
          x_q <= '0;
          y_q <= y_q + 12'(Side);
        end
      end
    end
  end else begin : gen_all_exist
    assign exists_o = '1;
  end

  // Fields that belong to other blocks.
  logic unused;
  assign unused = ^layer_q;
endmodule
