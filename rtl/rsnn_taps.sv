// Walks the outputs that an event reaches: a block of them a cycle, one in each bank, and its weight word.
// Contract: python/razorsnn/ops/synapse.py (blocks), ops/words.py (banks), layers.py (weight words).
//   order      rows of blocks, then columns, then channel groups; only outputs that exist and that a pool uses
//   shapes     a block is Side x Side outputs (Side * Side = Taps), or one where deep_i: then all banks are of its position.
//              base_i: the layer's first membrane word.
//              Bank (y mod Side, x mod Side) finds its weight turn_y_o rows and turn_x_o columns on in the word's block
//   latency    event_valid_i and event_ready_o to valid_o: 4 cycles; an event that reaches nothing takes one cycle
//   handshake  an event is taken with the last block of the one before; busy_o while one is walked; the output side
//              never stalls. The layer's fields are constant from a cycle before the first event until its last output
module rsnn_taps #(
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightAddrWidth = 10,
  parameter int unsigned MembraneAddrWidth = 8
) (
  input  logic                                   clk_i,
  input  logic                                   rst_ni,
  input  logic                                   event_valid_i,
  output logic                                   event_ready_o,
  input  logic [Inputs-1:0][ActBits-1:0]         event_value_i,
  input  logic [Inputs-1:0][WeightAddrWidth-1:0] event_weight_i,
  input  logic [11:0]                            event_y_i,
  input  logic [11:0]                            event_x_i,
  input  logic                                   deep_i,
  input  logic                                   reach_i,
  input  logic [3:0]                             span_i,
  input  logic [1:0]                             step_log2_i,
  input  logic [1:0]                             pool_log2_i,
  input  logic [11:0]                            rows_i,
  input  logic [11:0]                            columns_i,
  input  logic [11:0]                            groups_i,
  input  logic [15:0]                            pitch_i,
  input  logic [MembraneAddrWidth-1:0]           base_i,
  output logic                                   busy_o,
  output logic                                   valid_o,
  output logic [Inputs-1:0][ActBits-1:0]         value_o,
  output logic [Inputs-1:0][WeightAddrWidth-1:0] weight_o,
  output logic [1:0]                             turn_y_o,
  output logic [1:0]                             turn_x_o,
  output logic [Taps-1:0]                        bank_o,
  output logic [Taps-1:0][MembraneAddrWidth-1:0] membrane_o
);
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1;

  // A block may begin before the first output, so where there are blocks all places are counted from Side before it.
  typedef struct packed {
    logic [12:0] first;
    logic [1:0]  rest;  // outputs beyond the first
    logic        outside;  // the first lies before the map
    logic        exists;
  } range_t;

  // Those outputs o with 0 <= at + reach - (o << step) <= span, where span = 2 * reach + (1 << step) - 1.
  function automatic range_t reached(logic [11:0] at, logic reach, logic [1:0] step, logic [11:0] valid, logic lifted);
    logic [11:0] low, high;
    low = ((at == '0) ? '0 : at - 12'(reach)) >> step;
    high = 12'((13'(at) + 13'(reach)) >> step);
    if (high >= valid) high = valid - 1'b1;
    reached.exists = low < valid;
    reached.outside = lifted && at == '0 && reach;
    reached.first = 13'(low) + (lifted ? 13'(Side) - 13'(reached.outside) : '0);
    reached.rest = 2'(high) - 2'(low) + 2'(reached.outside);
  endfunction

  // ---- The event that is walked, and where it is: (row, column) is the block's first output.
  range_t rows, columns, columns_q;
  logic lifted, busy_q, exists_q, last_row, last_column, last_group_q, last, row_outside_q, column_outside_q;
  logic [1:0] size, row_rest_q, column_rest_q;
  logic [3:0] row_block_q, column_block_q, farthest_y_q, farthest_x_q;
  logic [12:0] row_q, column_q;
  logic [11:0] group_q, groups_less_2_q;
  logic one_group_q;
  logic [Inputs-1:0][ActBits-1:0] value_q;
  logic [Inputs-1:0][WeightAddrWidth-1:0] weight_q;

  assign lifted = Side > 1 && !deep_i;
  assign size = lifted ? 2'(Side) : 2'd1;
  assign rows = reached(event_y_i, reach_i, step_log2_i, rows_i, lifted);
  assign columns = reached(event_x_i, reach_i, step_log2_i, columns_i, lifted);
  assign last_row = row_rest_q < size;
  assign last_column = column_rest_q < size;
  assign last = (last_group_q && last_column && last_row) || !exists_q;
  assign event_ready_o = !busy_q || last;
  assign busy_o = busy_q;

  always_ff @(posedge clk_i) begin
    // Compared a cycle before it is needed.
    groups_less_2_q <= groups_i - 12'd2;
    one_group_q <= groups_i == 12'd1;
    last_group_q <= (event_ready_o || last_group_q) ? one_group_q : group_q == groups_less_2_q;
    if (!rst_ni) busy_q <= 1'b0;
    else if (event_ready_o) busy_q <= event_valid_i;
    if (event_ready_o) begin
      {value_q, weight_q} <= {event_value_i, event_weight_i};
      columns_q <= columns;
      exists_q <= rows.exists && columns.exists;
      farthest_y_q <= 4'(event_y_i) + 4'(reach_i);
      farthest_x_q <= 4'(event_x_i) + 4'(reach_i);
      {row_q, row_rest_q, row_outside_q, row_block_q} <= {rows.first, rows.rest, rows.outside, 4'd0};
      {column_q, column_rest_q, column_outside_q, column_block_q} <= {columns.first, columns.rest, columns.outside, 4'd0};
      group_q <= '0;
    end else begin
      group_q <= last_group_q ? '0 : group_q + 1'b1;
      if (last_group_q) begin
        column_q <= column_q + 13'(size);
        column_rest_q <= column_rest_q - size;
        column_outside_q <= 1'b0;
        column_block_q <= column_block_q + 1'b1;
      end
      if (last_group_q && last_column) begin
        {column_q, column_rest_q, column_outside_q, column_block_q} <= {
          columns_q.first, columns_q.rest, columns_q.outside, 4'd0
        };
        row_q <= row_q + 13'(size);
        row_rest_q <= row_rest_q - size;
        row_outside_q <= 1'b0;
        row_block_q <= row_block_q + 1'b1;
      end
    end
  end

  // ---- Addresses: tile and kernel place, then one product each, then sums.
  // Weight (a, b) of a kernel takes input ((r << step) + a - reach, (s << step) + b - reach) to output (r, s). A block's
  // word is at its first weight's place, less those that are never first; from block to block `step` places back.
  typedef struct packed {
    logic [12:0] tile;
    logic [1:0]  turn;
  } tile_t;

  function automatic tile_t tile_of(logic [12:0] at, logic [1:0] pool, logic in_tiles);
    if (!in_tiles) begin
      tile_of.tile = at >> pool;
      tile_of.turn = '0;
    end else if (Side == 2) begin
      tile_of.tile = at >> 1;
      tile_of.turn = {1'b0, at[0]};
    end else begin
      tile_of.tile = 13'((30'(at) * 30'd43691) >> 17);
      tile_of.turn = 2'(at) - {tile_of.tile[0], 1'b0} - 2'(tile_of.tile);
    end
  endfunction

  // Place i of a block exists: it is none before the map, and none behind the last output.
  function automatic logic [3:0] places(logic [1:0] rest, logic outside);
    for (int unsigned i = 0; i < 4; i++) places[i] = 2'(i) <= rest && !(i == 0 && outside);
  endfunction

  // Of bank coordinate `at`: its place in the block.
  function automatic logic [1:0] place_of(logic [1:0] at, logic [1:0] turn);
    return (at >= turn) ? at - turn : at + 2'(Side) - turn;
  endfunction

  logic valid1_q, valid2_q;
  logic [Inputs-1:0][ActBits-1:0] value1_q, value2_q;
  logic [Inputs-1:0][WeightAddrWidth-1:0] weight1_q, weight2_q;
  logic [WeightAddrWidth-1:0] kernel_row_q, weight_row2_q, weight_column2_q;
  logic [MembraneAddrWidth-1:0] membrane_row2_q, membrane_column2_q;
  logic [Taps-1:0][MembraneAddrWidth-1:0] offset2_q;
  logic [Taps-1:0] bank2_q;
  tile_t row1_q, column1_q;
  logic [3:0] rows1_q, columns1_q;
  logic [1:0] turn_y2_q, turn_x2_q;
  logic [11:0] group1_q;
  logic [3:0] blocks, a1_q, b1_q, lift_q;

  // Blocks along a kernel's axis.
  assign blocks = (Side == 1 || !lifted) ? span_i + 4'd1
                : (4'((span_i >> step_log2_i) / 4'(Side)) + 4'd1) << step_log2_i;

  // From block to block a word is one place on, its first weight Side places.
  function automatic logic [3:0] later(logic [3:0] block, logic in_tiles);
    return !in_tiles ? '0 : (Side == 3) ? block << 1 : block;
  endfunction

  always_ff @(posedge clk_i) begin
    kernel_row_q <= WeightAddrWidth'(5'(blocks)) * WeightAddrWidth'(groups_i);
    lift_q <= (lifted ? 4'(Side) << step_log2_i : '0) - (span_i + 4'd1 - blocks);

    value1_q <= value_q;
    weight1_q <= weight_q;
    row1_q <= tile_of(row_q, pool_log2_i, lifted);
    column1_q <= tile_of(column_q, pool_log2_i, lifted);
    rows1_q <= places(row_rest_q, row_outside_q);
    columns1_q <= places(column_rest_q, column_outside_q);
    group1_q <= group_q;
    a1_q <= farthest_y_q + lift_q - (4'(row_q) << step_log2_i) + (later(row_block_q, lifted) << step_log2_i);
    b1_q <= farthest_x_q + lift_q - (4'(column_q) << step_log2_i) + (later(column_block_q, lifted) << step_log2_i);

    value2_q <= value1_q;
    for (int unsigned n = 0; n < Inputs; n++) weight2_q[n] <= weight1_q[n] + WeightAddrWidth'(group1_q);
    weight_row2_q <= WeightAddrWidth'(a1_q) * kernel_row_q;
    weight_column2_q <= WeightAddrWidth'(b1_q) * WeightAddrWidth'(groups_i);
    membrane_row2_q <= MembraneAddrWidth'(row1_q.tile) * MembraneAddrWidth'(pitch_i);
    membrane_column2_q <= MembraneAddrWidth'(column1_q.tile) * MembraneAddrWidth'(groups_i);
    {turn_y2_q, turn_x2_q} <= {row1_q.turn, column1_q.turn};

    value_o <= value2_q;
    for (int unsigned n = 0; n < Inputs; n++) weight_o[n] <= weight2_q[n] + weight_row2_q + weight_column2_q;
    {turn_y_o, turn_x_o} <= {turn_y2_q, turn_x2_q};
    bank_o <= bank2_q;
    if (!rst_ni) {valid1_q, valid2_q, valid_o} <= '0;
    else {valid1_q, valid2_q, valid_o} <= {busy_q && exists_q, valid1_q, valid2_q};
  end

  for (genvar bank = 0; bank < int'(Taps); bank++) begin : gen_bank
    localparam int unsigned Y = bank / Side, X = bank % Side;
    logic [1:0] i, j;
    logic [MembraneAddrWidth-1:0] up, left;
    assign i = place_of(2'(Y), row1_q.turn);
    assign j = place_of(2'(X), column1_q.turn);
    // The block's first tile is one less than is counted; banks before the turn lie in the next one.
    assign up = (lifted && 2'(Y) >= row1_q.turn) ? MembraneAddrWidth'(pitch_i) : '0;
    assign left = (lifted && 2'(X) >= column1_q.turn) ? MembraneAddrWidth'(groups_i) : '0;

    always_ff @(posedge clk_i) begin
      bank2_q[bank] <= !lifted || (rows1_q[i] && columns1_q[j]);
      offset2_q[bank] <= base_i + MembraneAddrWidth'(group1_q) - up - left;
      membrane_o[bank] <= membrane_row2_q + membrane_column2_q + offset2_q[bank];
    end
  end

  // Narrow addresses need fewer bits, and one bank no places.
  logic unused;
  assign unused = ^{row1_q, column1_q, columns_q, group1_q, pitch_i, rows1_q, columns1_q, a1_q, b1_q};
endmodule
