// Event scanner: words of activations in, their non-zero activations out as (value, weight address, y, x), up to Inputs of
// a position at once.
// Contract: python/razorsnn/ops/synapse.py.
//   order      words in the order (tile row, tile column, channel group), in a word bank 0, lane 0 first. Activations that
//              follow each other in a word and are of one position come together; where there are fewer, values are 0
//   shapes     ops/words.py: a bank of a word is a position of its tile, and holds 2 ** lanes_in_log2_i channels of as many
//              positions beside each other as fill the lanes; deep_i: all banks hold channels of one position. width_i
//              words a row and channel group
//   latency    start_i to the first event: 10 cycles, of several inputs 13; a word without events takes 1 cycle, hidden
//              behind the events that wait in the FIFO or are being worked on
//   handshake  event_valid_o/event_ready_i. start_i only while free_o: then no word is left, though events of the frame
//              before may wait. Frames in turn are of turn 0, 1, 0, ...: event_turn_o; done_o while neither word nor event
//              of a frame of turn_i is left
module rsnn_scanner #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned ActBits = 4,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned WeightAddrWidth = 10,
  localparam int unsigned Slots = Lanes * Taps,
  localparam int unsigned LaneWidth = (Slots > 1) ? $clog2(Slots) : 1,
  localparam int unsigned LaneShift = $clog2(Lanes)
) (
  input  logic                                          clk_i,
  input  logic                                          rst_ni,
  input  logic                                          start_i,
  input  logic [AddrWidth-1:0]                          base_i,
  input  logic [AddrWidth:0]                            words_i,
  input  logic [11:0]                                   width_i,
  input  logic [11:0]                                   groups_i,
  input  logic [2:0]                                    lanes_in_log2_i,
  input  logic                                          deep_i,
  input  logic                                          dense_i,
  input  logic [WeightAddrWidth-1:0]                    row_stride_i,
  input  logic [WeightAddrWidth-1:0]                    weight_base_i,
  output logic                                          free_o,
  input  logic                                          turn_i,
  output logic                                          mem_re_o,
  output logic [AddrWidth-1:0]                          mem_addr_o,
  input  logic [Slots-1:0][ActBits-1:0]                 mem_data_i,
  output logic                                          event_valid_o,
  input  logic                                          event_ready_i,
  output logic                                          event_turn_o,
  output logic [Inputs-1:0][ActBits-1:0]                event_value_o,
  output logic [Inputs-1:0][WeightAddrWidth-1:0]        event_weight_o,
  output logic [11:0]                                   event_y_o,
  output logic [11:0]                                   event_x_o,
  output logic                                          done_o
);
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1;

  typedef struct packed {
    logic [11:0] y;
    logic [11:0] x;
    logic [WeightAddrWidth-1:0] weight;
  } place_t;

  typedef logic [Slots-1:0][ActBits-1:0] word_t;

  // ---- Words, and which of their activations come together.
  logic read_valid, read_ready, word_valid, word_ready, reader_busy, grouping_busy, whole;
  word_t read_word, word;
  logic [Inputs-1:0][Slots-1:0] as;

  // A whole word is of one position.
  assign whole = dense_i || (Side > 1 && deep_i);
  rsnn_word_reader #(.AddrWidth(AddrWidth), .WordWidth(Slots * ActBits)) u_reader (
    .clk_i, .rst_ni, .start_i, .base_i, .count_i(words_i), .mem_re_o, .mem_addr_o, .mem_data_i,
    .valid_o(read_valid), .ready_i(read_ready), .word_o(read_word), .busy_o(reader_busy)
  );
  rsnn_grouping #(.Slots(Slots), .Inputs(Inputs), .ActBits(ActBits)) u_grouping (
    .clk_i, .rst_ni, .whole_i(whole), .lanes_in_log2_i, .valid_i(read_valid), .ready_o(read_ready), .word_i(read_word),
    .valid_o(word_valid), .ready_i(word_ready), .word_o(word), .as_o(as), .busy_o(grouping_busy)
  );

  // ---- Events of a word in turn: what begins the first one, and what begins those behind it.
  logic any_q, single_q, take, room_q;
  logic [1:0] count, behind_count;
  logic [Slots-1:0] from, begins_q, behind_q;
  place_t next_q, place_q;
  word_t word_q;

  assign take = any_q && room_q;
  assign word_ready = !any_q || (room_q && single_q);
  assign from = word_ready ? as[0] : behind_q;
  rsnn_few #(.Width(Slots)) u_few (.bits_i(as[0]), .count_o(count));
  rsnn_few #(.Width(Slots)) u_behind (.bits_i(behind_q), .count_o(behind_count));

  always_ff @(posedge clk_i) begin
    if (word_ready || take) begin
      begins_q <= from & ~(from - 1'b1);
      behind_q <= from & (from - 1'b1);
      single_q <= (word_ready ? count : behind_count) == 2'd1;
    end
    if (word_ready) {word_q, place_q} <= {word, next_q};
    if (!rst_ni) any_q <= 1'b0;
    else if (word_ready) any_q <= word_valid && count != '0;
  end

  // ---- One bit an input: which activation of which word it is.
  logic turn_q, one_valid, one_turn;
  logic [Inputs-1:0][Slots-1:0] one;
  place_t one_place;
  word_t one_word;

  if (Inputs == 1) begin : gen_alone
    assign {one_valid, one_turn, one_place, one_word, one} = {take, turn_q, place_q, word_q, begins_q};
  end else begin : gen_joined
    // Those from the one that begins the event until the next one begins.
    logic [Inputs-1:1][Slots-1:0] as_q;
    logic [Slots-1:0] members;
    assign members = ~(begins_q - 1'b1) & ~behind_q & (behind_q - 1'b1);
    always_ff @(posedge clk_i) begin
      if (word_ready) as_q <= as[Inputs-1:1];
      one_valid <= rst_ni && take;
      {one_turn, one_place, one_word, one[0]} <= {turn_q, place_q, word_q, begins_q};
      for (int unsigned n = 1; n < Inputs; n++) one[n] <= as_q[n] & members;
    end
  end

  // ---- Down, right: which of the tile's positions; across: which of the bank's.
  logic [Inputs-1:0][ActBits-1:0] value, found_value_q, weighed_value_q;
  logic [Inputs-1:0][LaneWidth-1:0] lanes, found_channel_q;
  logic [LaneWidth-1:0] found_lane_q, bank, across;
  logic [1:0] down, right;
  logic [2:0] beside_log2_q;
  logic found_valid_q, weighed_valid_q, found_turn_q, weighed_turn_q;
  place_t found_q, weighed_q;
  logic [Inputs-1:0][WeightAddrWidth-1:0] channel_weight_q, weight;

  always_comb begin
    {value, lanes} = '0;
    for (int unsigned n = 0; n < Inputs; n++) begin
      for (int unsigned i = 0; i < Slots; i++) begin
        if (one[n][i]) begin
          value[n] = value[n] | one_word[i];
          lanes[n] = lanes[n] | LaneWidth'(i);
        end
      end
      weight[n] = weighed_q.weight + channel_weight_q[n];
    end
  end
  assign bank = LaneWidth'(32'(found_lane_q) >> LaneShift);
  assign down = whole ? '0 : (Side == 3) ? 2'(bank >= LaneWidth'(6)) + 2'(bank >= LaneWidth'(3)) : 2'(bank >> (Side - 1));
  assign right = whole ? '0 : 2'(bank) - ((Side == 1) ? '0 : {down[0], 1'b0}) - ((Side == 2) ? '0 : down);
  assign across = whole ? '0 : (found_lane_q & LaneWidth'(Lanes - 1)) >> lanes_in_log2_i;
  assign free_o = !reader_busy && !grouping_busy && !any_q;
  assign done_o = !(event_valid_o && event_turn_o == turn_i) && !(found_valid_q && found_turn_q == turn_i)
               && !(weighed_valid_q && weighed_turn_q == turn_i) && !(one_valid && one_turn == turn_i)
               && !(!free_o && turn_q == turn_i);

  // An event that was found; its place, and the weights of its channel, a product; its weight's address with the FIFO.
  // Nothing stops them on their way: an event is found only where there is room for all that were.
  always_ff @(posedge clk_i) begin
    found_value_q <= value;
    for (int unsigned n = 0; n < Inputs; n++) found_channel_q[n] <= whole ? lanes[n] : lanes[n] & ~('1 << lanes_in_log2_i);
    {found_turn_q, found_lane_q, found_q} <= {one_turn, lanes[0], one_place};
    {weighed_value_q, weighed_turn_q} <= {found_value_q, found_turn_q};
    weighed_q.y <= found_q.y + 12'(down);
    weighed_q.x <= found_q.x + (12'(right) << beside_log2_q) + 12'(across);
    weighed_q.weight <= found_q.weight;
    for (int unsigned n = 0; n < Inputs; n++) channel_weight_q[n] <= WeightAddrWidth'(found_channel_q[n]) * row_stride_i;
    if (!rst_ni) turn_q <= 1'b1;
    else if (start_i) turn_q <= !turn_q;
    {found_valid_q, weighed_valid_q} <= rst_ni ? {one_valid, found_valid_q} : '0;
  end

  // EventDepth events wait, on their way or in the FIFO, beside the one that is offered.
  localparam int unsigned CountWidth = $clog2(rsnn_pkg::EventDepth + 2);

  logic [CountWidth-1:0] held_q;
  logic given, unused_ready;

  assign given = event_valid_o && event_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q <= '0;
      room_q <= 1'b1;
    end else if (take && !given) begin
      held_q <= held_q + 1'b1;
      room_q <= held_q != CountWidth'(rsnn_pkg::EventDepth);
    end else if (given && !take) begin
      held_q <= held_q - 1'b1;
      room_q <= 1'b1;
    end
  end

  rsnn_fifo #(.Width(Inputs * (ActBits + WeightAddrWidth) + 25), .Depth(rsnn_pkg::EventDepth)) u_events (
    .clk_i, .rst_ni, .in_valid_i(weighed_valid_q), .in_ready_o(unused_ready),
    .in_data_i({weighed_turn_q, weighed_value_q, weight, weighed_q.y, weighed_q.x}),
    .out_valid_o(event_valid_o), .out_ready_i(event_ready_i),
    .out_data_o({event_turn_o, event_value_o, event_weight_o, event_y_o, event_x_o})
  );

  // Where the next word lies: groups of one position, then columns, then rows. A dense layer has one output
  // position, so its events stay at (0, 0) and every word has weights of its own.
  logic [11:0] group_q, column_q, side, side_x_q;
  logic [WeightAddrWidth-1:0] bank_stride, word_stride;
  assign side = whole ? 12'd1 : 12'(Side);
  assign bank_stride = row_stride_i << LaneShift;
  assign word_stride = !whole ? bank_stride
                     : (Side == 3) ? (bank_stride << 3) + bank_stride : bank_stride << (2 * (Side - 1));
  always_ff @(posedge clk_i) begin
    beside_log2_q <= 3'(LaneShift) - lanes_in_log2_i;
    side_x_q <= whole ? side : side << beside_log2_q;
    if (start_i) begin
      column_q <= '0;
      group_q <= '0;
      next_q <= '{y: '0, x: '0, weight: weight_base_i};
    end else if (word_valid && word_ready) begin
      next_q.weight <= next_q.weight + word_stride;
      group_q <= group_q + 1'b1;
      if (group_q == groups_i - 1'b1) begin
        group_q <= '0;
        if (!dense_i) begin
          next_q.weight <= weight_base_i;
          next_q.x <= next_q.x + side_x_q;
          column_q <= column_q + 1'b1;
          if (column_q == width_i - 1'b1) begin
            column_q <= '0;
            next_q.x <= '0;
            next_q.y <= next_q.y + side;
          end
        end
      end
    end
  end
endmodule
