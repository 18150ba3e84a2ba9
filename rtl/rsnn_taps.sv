// Walks the outputs that an event reaches: one membrane word and its weight word a cycle.
// Contract: python/razorsnn/ops/synapse.py.
//   order      rows, then columns, then channel groups; only outputs that exist and that a pool uses
//   latency    event_valid_i and event_ready_o to valid_o: 4 cycles; an event that reaches nothing takes one cycle
//   handshake  an event is taken with the last output of the one before; busy_o while one is walked; the output side
//              never stalls. The layer's fields are constant from a cycle before the first event until its last output
module rsnn_taps #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightAddrWidth = 10,
  parameter int unsigned MembraneAddrWidth = 8
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         event_valid_i,
  output logic                         event_ready_o,
  input  logic [ActBits-1:0]           event_value_i,
  input  logic [WeightAddrWidth-1:0]   event_weight_i,
  input  logic [11:0]                  event_y_i,
  input  logic [11:0]                  event_x_i,
  input  logic                         reach_i,
  input  logic [3:0]                   span_i,
  input  logic [1:0]                   step_log2_i,
  input  logic [1:0]                   pool_log2_i,
  input  logic [11:0]                  rows_i,
  input  logic [11:0]                  columns_i,
  input  logic [11:0]                  groups_i,
  input  logic [15:0]                  pitch_i,
  output logic                         busy_o,
  output logic                         valid_o,
  output logic [ActBits-1:0]           value_o,
  output logic [WeightAddrWidth-1:0]   weight_o,
  output logic [MembraneAddrWidth-1:0] membrane_o
);
  typedef struct packed {
    logic [11:0] low;
    logic [11:0] high;
    logic        exists;
  } range_t;

  // Those outputs o with 0 <= at + reach - (o << step) <= span, where span = 2 * reach + (1 << step) - 1.
  function automatic range_t reached(logic [11:0] at, logic reach, logic [1:0] step, logic [11:0] valid);
    range_t found;
    found.low = ((at == '0) ? '0 : at - 12'(reach)) >> step;
    found.high = 12'((13'(at) + 13'(reach)) >> step);
    if (found.high >= valid) found.high = valid - 1'b1;
    found.exists = found.low < valid;
    return found;
  endfunction

  // ---- The event that is walked, and where it is.
  range_t rows, columns;
  logic busy_q, exists_q, last_column, last_group, last;
  logic [11:0] row_q, column_q, group_q, last_row_q, first_column_q, last_column_q;
  logic [12:0] farthest_y_q, farthest_x_q;
  logic [ActBits-1:0] value_q;
  logic [WeightAddrWidth-1:0] weight_q;

  assign rows = reached(event_y_i, reach_i, step_log2_i, rows_i);
  assign columns = reached(event_x_i, reach_i, step_log2_i, columns_i);
  assign last_group = group_q == groups_i - 1'b1;
  assign last_column = column_q == last_column_q;
  assign last = (last_group && last_column && row_q == last_row_q) || !exists_q;
  assign event_ready_o = !busy_q || last;
  assign busy_o = busy_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (event_ready_o) busy_q <= event_valid_i;
    if (event_ready_o) begin
      {value_q, weight_q} <= {event_value_i, event_weight_i};
      {last_row_q, first_column_q, last_column_q} <= {rows.high, columns.low, columns.high};
      exists_q <= rows.exists && columns.exists;
      farthest_y_q <= 13'(event_y_i) + 13'(reach_i);
      farthest_x_q <= 13'(event_x_i) + 13'(reach_i);
      {row_q, column_q, group_q} <= {rows.low, columns.low, 12'd0};
    end else begin
      group_q <= last_group ? '0 : group_q + 1'b1;
      if (last_group) column_q <= last_column ? first_column_q : column_q + 1'b1;
      if (last_group && last_column) row_q <= row_q + 1'b1;
    end
  end

  // ---- Addresses: output and kernel place, then one product each, then sums.
  // Weight (a, b) of a kernel takes input ((r << step) + a - reach, (s << step) + b - reach) to output (r, s).
  logic valid1_q, valid2_q;
  logic [ActBits-1:0] value1_q, value2_q;
  logic [WeightAddrWidth-1:0] weight1_q, weight2_q, kernel_row_q, weight_row2_q, weight_column2_q;
  logic [MembraneAddrWidth-1:0] membrane_row2_q, membrane_column2_q;
  logic [11:0] row1_q, column1_q, group1_q, group2_q;
  logic [3:0] a1_q, b1_q;

  always_ff @(posedge clk_i) begin
    kernel_row_q <= WeightAddrWidth'(5'(span_i) + 5'd1) * WeightAddrWidth'(groups_i);

    value1_q <= value_q;
    weight1_q <= weight_q;
    row1_q <= row_q >> pool_log2_i;
    column1_q <= column_q >> pool_log2_i;
    group1_q <= group_q;
    a1_q <= 4'(farthest_y_q - (13'(row_q) << step_log2_i));
    b1_q <= 4'(farthest_x_q - (13'(column_q) << step_log2_i));

    value2_q <= value1_q;
    group2_q <= group1_q;
    weight2_q <= weight1_q + WeightAddrWidth'(group1_q);
    weight_row2_q <= WeightAddrWidth'(a1_q) * kernel_row_q;
    weight_column2_q <= WeightAddrWidth'(b1_q) * WeightAddrWidth'(groups_i);
    membrane_row2_q <= MembraneAddrWidth'(row1_q) * MembraneAddrWidth'(pitch_i);
    membrane_column2_q <= MembraneAddrWidth'(column1_q) * MembraneAddrWidth'(groups_i);

    value_o <= value2_q;
    weight_o <= weight2_q + weight_row2_q + weight_column2_q;
    membrane_o <= membrane_row2_q + membrane_column2_q + MembraneAddrWidth'(group2_q);
    if (!rst_ni) {valid1_q, valid2_q, valid_o} <= '0;
    else {valid1_q, valid2_q, valid_o} <= {busy_q && exists_q, valid1_q, valid2_q};
  end

  // Narrow addresses need fewer bits.
  logic unused;
  assign unused = ^{row1_q, column1_q, group2_q, pitch_i};
endmodule
