// Sequencer: runs the layers of a window from the layer table; a pruned frame is not scanned.
// Contract: python/razorsnn/layertable.py (fields), python/razorsnn/targets/reference.py (cycles).
//   order      layer by layer, a row of the table each: first membranes, then frame by frame scan and neuron pass. Where
//              the stage HandsOn, the last row is the gate behind its last layer, and waits until the window is scored.
//              Scans run ahead: a frame that is
//              kept is scanned once that is known, the scanner is free and the frame two kept ones before is done; its
//              events are worked on while take_o, those of turn_o alone
//   latency    ops/timeline.py: every state change takes one cycle; rsnn_pkg::DrainCycles after a scan, so that the pass
//              follows the last event through the engine; the last pass of a layer ends with its last output (pass_put_i).
//              A frame whose keep bit is not known when its turn comes waits for it, and is seen a cycle later. The first
//              membranes of the first layer are set from begun_i on, while the window comes, and its frames' turns begin
//              after held_i
//   handshake  begun_i is seen when no window runs and room_i is high, and held_i once it has begun, both until the window's
//              end; keep_before_i, the bits of the stages before, holds while held_i does; where GatedSource, the last of
//              them is the first layer's gate; scan, pass and emit are pulses; scan_done_i: no event of turn_o is
//              left; pass_done_i: the next frame's events may come; pass_free_i: so may a pass. known_i[t] holds until the
//              layer's end, and is low for all t from razor_start_o on until keep_i[t] is valid; tally_i holds from
//              pass_init_o until the layer's end
module rsnn_sequencer #(
  parameter int unsigned Frames = 4,
  parameter int unsigned Rows = 2,
  parameter bit HandsOn = 1'b0,
  parameter bit GatedSource = 1'b0,
  parameter int unsigned Gates = 1,
  parameter int unsigned GatesBefore = 0,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned LoadBits = 512,
  parameter bit Fixed = 1'b0,
  parameter string TableFile = "",
  parameter string KeepFile = "",
  localparam int unsigned RowWidth = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int unsigned GateWidth = (Gates > 1) ? $clog2(Gates) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          begun_i,
  input  logic                          held_i,
  input  logic                          room_i,
  output logic                          running_o,
  input  logic [Gates-1:0][Frames-1:0]  keep_before_i,
  output rsnn_pkg::layer_t              layer_o,
  output logic [RowWidth-1:0]         row_o,
  output logic [AddrWidth-1:0]          read_base_o,
  output logic [AddrWidth-1:0]          write_base_o,
  output logic                          first_frame_o,
  output logic                          razor_start_o,
  input  logic [Frames-1:0]             known_i,
  input  logic [Frames-1:0]             keep_i,
  input  logic [Frames-1:0]             tally_i,
  output logic                          scan_start_o,
  input  logic                          scan_free_i,
  output logic                          take_o,
  output logic                          turn_o,
  input  logic                          scan_done_i,
  output logic                          pass_o,
  output logic                          pass_init_o,
  input  logic                          pass_done_i,
  input  logic                          pass_free_i,
  input  logic                          pass_put_i,
  output logic                          emit_o,
  input  logic                          emit_done_i,
  output logic                          kept_o,
  output logic                          pruned_o,
  output logic [Gates-1:0][Frames-1:0]  keep_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                   load_addr_i,
  input  logic [LoadBits-1:0]           load_data_i
);
  localparam int unsigned FrameWidth = (Frames > 1) ? $clog2(Frames) : 1;

  typedef enum logic [3:0] {
    Idle, Fetch, Decode, First, FirstWait, Frame, Scan, Drain, PassWait, PutWait, Score, ScoreWait, Emit, EmitWait
  } state_e;

  state_e state_q;
  rsnn_pkg::layer_t layer;
  logic [RowWidth-1:0] row_q;
  logic [GateWidth-1:0] gate_q;
  logic [FrameWidth-1:0] frame_q;
  logic [1:0] drain_q;
  logic [Frames-1:0] fixed, keep, known;
  logic [FrameWidth-1:0] next_q, look_q;
  logic first_layer, gate, all_known_q, scored_q, opened, last_frame, deciding_q, decide, turn_q, scanned;
  logic known_now_q, keep_now_q, known_next_q, keep_next_q, keep_next;
  logic [1:0] scans_q, puts_q;

  rsnn_layer_table #(
    .Frames(Frames), .Rows(Rows), .LoadBits(LoadBits), .Fixed(Fixed), .TableFile(TableFile), .KeepFile(KeepFile)
  ) u_table (
    .clk_i, .fetch_i(state_q == Fetch), .row_i(row_q), .layer_o(layer), .fixed_o(fixed), .load_i, .load_addr_i, .load_data_i
  );
  assign layer_o = layer;

  always_comb begin
    if (GatedSource && first_layer) keep = keep_before_i[(GatesBefore > 0) ? GatesBefore-1 : 0];
    else keep = layer.gated ? keep_i : layer.tallied ? tally_i : fixed;
  end
  assign known = layer.gated ? known_i : '1;

  assign last_frame = frame_q == FrameWidth'(Frames - 1);
  assign first_layer = row_q == '0;
  assign gate = layer.gated || layer.fixed || layer.tallied;
  assign opened = state_q == FirstWait && (first_layer ? held_i && pass_free_i : pass_done_i);
  // Frames are decided one a cycle from the first pass on, ahead of their turn: pruned, or to be scanned. What the layer
  // before tallied is there with the first pass, and no cycle earlier.
  assign keep_next = layer.tallied ? tally_i[next_q] : keep_next_q;
  assign decide = (deciding_q || (pass_init_o && !first_layer)) && known_next_q
               && (!keep_next || (scan_free_i && !scans_q[1]));
  assign scanned = state_q == Scan && scan_done_i;
  assign row_o = row_q;
  assign first_frame_o = frame_q == '0;
  assign razor_start_o = (pass_init_o || state_q == Score) && layer.gated;
  assign scan_start_o = decide && keep_next;
  assign kept_o = state_q == Frame && known_now_q && keep_now_q;
  assign take_o = kept_o || state_q == Scan;
  assign turn_o = turn_q;
  assign pruned_o = state_q == Frame && known_now_q && !keep_now_q && pass_free_i;
  assign pass_init_o = state_q == First;
  assign pass_o = pass_init_o || pruned_o || (state_q == Drain && drain_q == '0);
  assign emit_o = state_q == Emit;
  assign running_o = state_q != Idle;

  // What is known of the frame that is decided next, and of that whose turn is next, from the pass before it on. In Decode
  // the razor still tells of another gate.
  logic [FrameWidth-1:0] behind_next;
  assign behind_next = next_q + 1'b1;
  always_ff @(posedge clk_i) begin
    if (state_q == Decode) {known_next_q, keep_next_q} <= {!layer.gated, keep[0]};
    else if (decide) {known_next_q, keep_next_q} <= {known[behind_next], keep[behind_next]};
    else {known_next_q, keep_next_q} <= {known[next_q], keep[next_q]};
    if (state_q == Decode) look_q <= '0;
    else if (pass_o && !pass_init_o) look_q <= frame_q + 1'b1;
    {known_now_q, keep_now_q} <= {known[look_q], keep[look_q]};
    {scored_q, all_known_q} <= {all_known_q, known == '1 && !(layer.gated && state_q == Decode)};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      keep_o <= '0;
      deciding_q <= 1'b0;
      turn_q <= 1'b0;
      {scans_q, puts_q} <= '0;
    end else begin
      if (decide) begin
        read_base_o <= read_base_o + AddrWidth'(layer.words_in);
        next_q <= next_q + 1'b1;
      end
      deciding_q <= (deciding_q || (first_layer ? opened : pass_init_o)) && !(decide && next_q == FrameWidth'(Frames - 1));
      turn_q <= turn_q ^ scanned;
      scans_q <= scans_q + 2'(scan_start_o) - 2'(scanned);
      puts_q <= puts_q + 2'(pass_o && !pass_init_o) - 2'(pass_put_i);
      unique case (state_q)
        Idle: if (begun_i && room_i) begin
          state_q <= Fetch;
          row_q <= '0;
          gate_q <= GateWidth'(GatesBefore);
        end
        Fetch: state_q <= Decode;
        Decode: begin
          state_q <= (HandsOn && row_q == RowWidth'(Rows - 1)) ? Score : First;
          frame_q <= '0;
          next_q <= '0;
          read_base_o <= '0;
          write_base_o <= '0;
        end
        First: state_q <= FirstWait;
        FirstWait: if (opened) begin
          state_q <= Frame;
          if (first_layer) keep_o <= keep_before_i;
        end
        Frame: if (kept_o || pruned_o) state_q <= keep_now_q ? Scan : PassWait;
        Scan: if (scanned) begin
          state_q <= Drain;
          drain_q <= 2'(rsnn_pkg::DrainCycles - 1);
        end
        Drain: begin
          drain_q <= drain_q - 1'b1;
          if (drain_q == '0) state_q <= PassWait;
        end
        PassWait: if (pass_done_i) begin
          state_q <= last_frame ? PutWait : Frame;
          if (!last_frame) frame_q <= frame_q + 1'b1;
          if (!last_frame) write_base_o <= write_base_o + AddrWidth'(layer.words_out);
        end
        // The next layer reads what the last pass puts out.
        PutWait: if (pass_put_i && puts_q == 2'd1) begin
          frame_q <= '0;
          row_q <= row_q + 1'b1;
          if (gate) begin
            keep_o[gate_q] <= keep;
            gate_q <= gate_q + 1'b1;
          end
          state_q <= layer.last ? Emit : Fetch;
        end
        // The gate's bits are known low in the cycle in which it starts.
        Score: state_q <= ScoreWait;
        ScoreWait: if (scored_q) begin
          if (gate) keep_o[gate_q] <= keep;
          state_q <= Emit;
        end
        Emit: state_q <= EmitWait;
        default: if (emit_done_i) state_q <= Idle;
      endcase
    end
  end
endmodule
