// Walks the outputs that an event reaches: one membrane word and its weight word a cycle.
// Contract: python/razorsnn/ops/synapse.py.
//   order      rows, then columns, then channel groups; only outputs that exist and that a pool uses
//   latency    event_valid_i to valid_o: 2 cycles; an event that reaches nothing is taken in one cycle
//   handshake  event_ready_o with the event's last output; the output side never stalls
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

  // Those outputs o with 0 <= farthest - (o << step) <= span.
  function automatic range_t reached(logic [12:0] farthest, logic [3:0] span, logic [1:0] step, logic [11:0] valid);
    range_t found;
    logic [12:0] beyond;
    beyond = (farthest < 13'(span)) ? '0 : farthest - 13'(span);
    found.low = 12'((beyond + (13'd1 << step) - 13'd1) >> step);
    found.high = 12'(farthest >> step);
    if (found.high >= valid) found.high = valid - 1'b1;
    found.exists = found.low < valid;
    return found;
  endfunction

  range_t rows, columns;
  logic first_q, exists, last;
  logic [11:0] row_q, column_q, row, column, group_q;
  logic [12:0] farthest_y, farthest_x;
  logic [6:0] tap;

  assign farthest_y = 13'(event_y_i) + 13'(reach_i);
  assign farthest_x = 13'(event_x_i) + 13'(reach_i);
  assign rows = reached(farthest_y, span_i, step_log2_i, rows_i);
  assign columns = reached(farthest_x, span_i, step_log2_i, columns_i);
  assign exists = rows.exists && columns.exists;
  assign row = first_q ? rows.low : row_q;
  assign column = first_q ? columns.low : column_q;
  assign last = row == rows.high && column == columns.high && group_q == groups_i - 1'b1;
  assign event_ready_o = last || !exists;

  // Weight (a, b) of a kernel takes input ((r << step) + a - reach, (s << step) + b - reach) to output (r, s).
  always_comb begin
    logic [3:0] a, b;
    a = 4'(farthest_y - (13'(row) << step_log2_i));
    b = 4'(farthest_x - (13'(column) << step_log2_i));
    tap = 7'(a) * (7'(span_i) + 7'd1) + 7'(b);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      group_q <= '0;
    end else if (event_valid_i && exists) begin
      first_q <= last;
      group_q <= group_q + 1'b1;
      row_q <= row;
      column_q <= column;
      if (group_q == groups_i - 1'b1) begin
        group_q <= '0;
        column_q <= column + 1'b1;
        if (column == columns.high) begin
          column_q <= columns.low;
          row_q <= row + 1'b1;
        end
      end
    end
  end

  logic valid1_q;
  logic [ActBits-1:0] value1_q;
  logic [WeightAddrWidth-1:0] weight1_q;
  logic [11:0] pooled_row1_q, pooled_column1_q, group1_q;
  logic [6:0] tap1_q;

  always_ff @(posedge clk_i) begin
    value1_q <= event_value_i;
    weight1_q <= event_weight_i;
    pooled_row1_q <= row >> pool_log2_i;
    pooled_column1_q <= column >> pool_log2_i;
    group1_q <= group_q;
    tap1_q <= tap;
    value_o <= value1_q;
    weight_o <= weight1_q + WeightAddrWidth'(tap1_q * groups_i) + WeightAddrWidth'(group1_q);
    membrane_o <= MembraneAddrWidth'(pooled_row1_q * pitch_i)
                + MembraneAddrWidth'(pooled_column1_q * groups_i) + MembraneAddrWidth'(group1_q);
    if (!rst_ni) {valid1_q, valid_o} <= '0;
    else {valid1_q, valid_o} <= {event_valid_i && exists, valid1_q};
  end

  // Narrow addresses need fewer bits of the group.
  logic unused;
  assign unused = ^group1_q;
endmodule
