// Weights to banks: an event's block of weights begins at one of the n x n banks, so each bank finds its own by a turn of
// rows and columns.
// Contract: python/razorsnn/ops/words.py (banks).
//   order      weight_o: per input, a weight a lane and bank
//   latency    none; turn_y_i and turn_x_i come 2 cycles before the weights that they are for
//   handshake  none: every cycle stands for itself
module rsnn_turn #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 4,
  parameter int unsigned Inputs = 1,
  parameter int unsigned WeightBits = 8
) (
  input  logic                                                     clk_i,
  input  logic [1:0]                                               turn_y_i,
  input  logic [1:0]                                               turn_x_i,
  input  logic [Inputs-1:0][Taps-1:0][Lanes-1:0][WeightBits-1:0]   weight_i,
  output logic [Inputs-1:0][Taps-1:0][Lanes-1:0][WeightBits-1:0]   weight_o
);
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1;

  if (Taps > 1) begin : gen_turn
    logic [1:0] turn_y1_q, turn_x1_q, turn_y2_q, turn_x2_q;
    always_ff @(posedge clk_i) begin
      {turn_y2_q, turn_x2_q, turn_y1_q, turn_x1_q} <= {turn_y1_q, turn_x1_q, turn_y_i, turn_x_i};
    end
    for (genvar bank = 0; bank < int'(Taps); bank++) begin : gen_bank
      always_comb begin
        for (int unsigned n = 0; n < Inputs; n++) weight_o[n][bank] = '0;
        for (int unsigned i = 0; i < Side; i++) begin
          for (int unsigned j = 0; j < Side; j++) begin
            if (32'(turn_y2_q) == (bank / Side + Side - i) % Side && 32'(turn_x2_q) == (bank % Side + Side - j) % Side) begin
              for (int unsigned n = 0; n < Inputs; n++) weight_o[n][bank] = weight_i[n][i*Side+j];
            end
          end
        end
      end
    end
  end else begin : gen_no_turn
    assign weight_o = weight_i;
    logic unused_turn;
    assign unused_turn = ^{clk_i, turn_y_i, turn_x_i};
  end
endmodule
