// Layer table: a row a layer, and beside it the keep bits of a static gate. A load replaces both.
// Contract: python/razorsnn/layertable.py (fields), python/razorsnn/ops/static.py (keep bits).
//   latency    layer_o and fixed_o the cycle after fetch_i, held until the next; fixed_o: ones where no gate is Fixed
//   handshake  none
module rsnn_layer_table #(
  parameter int unsigned Frames = 4,
  parameter int unsigned Rows = 2,
  parameter int unsigned LoadBits = 512,
  parameter bit Fixed = 1'b0,
  parameter string TableFile = "",
  parameter string KeepFile = "",
  localparam int unsigned RowWidth = (Rows > 1) ? $clog2(Rows) : 1
) (
  input  logic                          clk_i,
  input  logic                          fetch_i,
  input  logic [RowWidth-1:0]           row_i,
  output rsnn_pkg::layer_t              layer_o,
  output logic [Frames-1:0]             fixed_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                   load_addr_i,
  input  logic [LoadBits-1:0]           load_data_i
);
  rsnn_rom #(.Width($bits(rsnn_pkg::layer_t)), .Depth(Rows), .InitFile(TableFile), .LoadBits(LoadBits)) u_layers (
    .clk_i, .re_i(fetch_i), .addr_i(row_i), .data_o(layer_o),
    .load_i(load_i[rsnn_pkg::TableMemory]), .load_addr_i, .load_data_i
  );

  if (Fixed) begin : gen_fixed
    rsnn_rom #(.Width(Frames), .Depth(Rows), .InitFile(KeepFile), .LoadBits(LoadBits)) u_keep (
      .clk_i, .re_i(fetch_i), .addr_i(row_i), .data_o(fixed_o),
      .load_i(load_i[rsnn_pkg::KeepMemory]), .load_addr_i, .load_data_i
    );
  end else begin : gen_none_fixed
    assign fixed_o = '1;
  end

  logic unused;
  assign unused = ^load_i;
endmodule
