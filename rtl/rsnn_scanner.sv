// Event scanner: words of activations in, their non-zero activations out as (value, weight address, y, x).
// Contract: python/razorsnn/ops/synapse.py.
//   order      words in the order (y, x, channel group), in a word lane 0 first
//   shapes     a word holds 2 ** lanes_in_log2_i channels of as many positions beside each other as fill the lanes;
//              width_i words a row and channel group
//   latency    start_i to the first event: 5 cycles; a word without events takes 1 cycle, hidden behind the events
//              that wait in the FIFO or are being worked on
//   handshake  event_valid_o/event_ready_i; done_o while there is neither word nor event left
module rsnn_scanner #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned WeightAddrWidth = 10,
  localparam int unsigned LaneWidth = (Lanes > 1) ? $clog2(Lanes) : 1,
  localparam int unsigned LaneShift = $clog2(Lanes)
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          start_i,
  input  logic [AddrWidth-1:0]          base_i,
  input  logic [AddrWidth:0]            words_i,
  input  logic [11:0]                   width_i,
  input  logic [11:0]                   groups_i,
  input  logic [2:0]                    lanes_in_log2_i,
  input  logic                          dense_i,
  input  logic [WeightAddrWidth-1:0]    row_stride_i,
  input  logic [WeightAddrWidth-1:0]    weight_base_i,
  output logic                          mem_re_o,
  output logic [AddrWidth-1:0]          mem_addr_o,
  input  logic [Lanes-1:0][ActBits-1:0] mem_data_i,
  output logic                          event_valid_o,
  input  logic                          event_ready_i,
  output logic [ActBits-1:0]            event_value_o,
  output logic [WeightAddrWidth-1:0]    event_weight_o,
  output logic [11:0]                   event_y_o,
  output logic [11:0]                   event_x_o,
  output logic                          done_o
);
  typedef struct packed {
    logic [11:0] y;
    logic [11:0] x;
    logic [WeightAddrWidth-1:0] weight;
  } place_t;

  logic word_valid, word_ready, word_last, reader_busy;
  logic [Lanes-1:0][ActBits-1:0] word, word_q;
  logic [Lanes-1:0] filled, pending_q, pending_rest;
  logic [LaneWidth-1:0] lane, across, channel;
  logic [11:0] group_q;
  place_t next_q, place_q;
  logic take;
  logic [11:0] x;
  logic found_valid_q, found_ready, fifo_ready;
  logic [ActBits-1:0] found_value_q;
  logic [LaneWidth-1:0] found_channel_q;
  place_t found_q;

  rsnn_word_reader #(.AddrWidth(AddrWidth), .WordWidth(Lanes * ActBits)) u_reader (
    .clk_i, .rst_ni, .start_i, .base_i, .count_i(words_i), .mem_re_o, .mem_addr_o, .mem_data_i,
    .valid_o(word_valid), .ready_i(word_ready), .word_o(word), .last_o(word_last), .busy_o(reader_busy)
  );

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) filled[i] = |word[i];
  end

  always_comb begin
    lane = '0;
    for (int unsigned i = Lanes; i > 0; i--) begin
      if (pending_q[i-1]) lane = LaneWidth'(i - 1);
    end
  end

  // Across: which of the word's positions.
  assign across = dense_i ? '0 : lane >> lanes_in_log2_i;
  assign channel = dense_i ? lane : lane - (across << lanes_in_log2_i);
  assign pending_rest = pending_q & (pending_q - 1'b1);
  assign take = (pending_q != '0) && found_ready;
  assign word_ready = (pending_q == '0) || (take && pending_rest == '0);
  assign done_o = !reader_busy && (pending_q == '0) && !found_valid_q && !event_valid_o;
  assign x = (place_q.x << (3'(LaneShift) - lanes_in_log2_i)) + 12'(across);

  // An event that was found; its weight's address follows in the next cycle. It is one of the EventDepth that wait.
  assign found_ready = !found_valid_q || fifo_ready;

  always_ff @(posedge clk_i) begin
    if (found_ready) begin
      found_value_q <= word_q[lane];
      found_channel_q <= channel;
      found_q <= '{y: place_q.y, x: x, weight: place_q.weight};
    end
    if (!rst_ni) found_valid_q <= 1'b0;
    else if (found_ready) found_valid_q <= pending_q != '0;
  end

  rsnn_fifo #(.Width(ActBits + WeightAddrWidth + 24), .Depth(rsnn_pkg::EventDepth - 1)) u_events (
    .clk_i, .rst_ni, .in_valid_i(found_valid_q), .in_ready_o(fifo_ready),
    .in_data_i({
      found_value_q, found_q.weight + WeightAddrWidth'(found_channel_q) * row_stride_i, found_q.y, found_q.x
    }),
    .out_valid_o(event_valid_o), .out_ready_i(event_ready_i),
    .out_data_o({event_value_o, event_weight_o, event_y_o, event_x_o})
  );

  // Where the next word lies: groups of one position, then columns, then rows. A dense layer has one output
  // position, so its events stay at (0, 0) and every word has weights of its own.
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      group_q <= '0;
      next_q <= '{y: '0, x: '0, weight: weight_base_i};
    end else if (word_valid && word_ready) begin
      next_q.weight <= next_q.weight + (row_stride_i << LaneShift);
      group_q <= group_q + 1'b1;
      if (group_q == groups_i - 1'b1) begin
        group_q <= '0;
        if (!dense_i) begin
          next_q.weight <= weight_base_i;
          next_q.x <= next_q.x + 1'b1;
          if (next_q.x == width_i - 1'b1) begin
            next_q.x <= '0;
            next_q.y <= next_q.y + 1'b1;
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (word_valid && word_ready) begin
      word_q <= word;
      place_q <= next_q;
    end
    if (!rst_ni) begin
      pending_q <= '0;
    end else begin
      if (word_ready) pending_q <= word_valid ? filled : '0;
      else if (take) pending_q <= pending_rest;
    end
  end

  logic unused;
  assign unused = word_last;
endmodule
