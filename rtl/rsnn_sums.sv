// One lane of the razor's sums: sum over the frames of embedding times activation, of all K, a word a cycle.
// Contract: python/razorsnn/ops/razor.py (S_k).
//   shapes     two banks of K sums a word, for gates that read the even and the odd store; even_i: the even one is read and
//              the odd one fed
//   latency    feed_i, with embedding_i, to the sum stored: 4 cycles; its bank is that of even_i at feed_i.
//              read_i to sums_o: 3 cycles, held until the next read_i's
//   handshake  none: never stalls; the bank that is read is not fed
// A kept hierarchy has registers of its own: what all lanes share is at hand at the memories and sums of each.
(* keep_hierarchy = "yes" *)
module rsnn_sums #(
  parameter int unsigned Embeddings = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned SumsEven = 16,
  parameter int unsigned SumsOdd = 16,
  localparam int unsigned SumsDepth = (SumsEven > SumsOdd) ? SumsEven : SumsOdd,
  localparam int unsigned AddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1
) (
  input  logic                                                clk_i,
  input  logic                                                rst_ni,
  input  logic                                                even_i,
  input  logic                                                feed_i,
  input  logic                                                feed_first_i,
  input  logic [AddrWidth-1:0]                                feed_addr_i,
  input  logic [ActBits-1:0]                                  x_i,
  input  logic [Embeddings-1:0][rsnn_pkg::EmbeddingBits-1:0]  embedding_i,
  input  logic                                                read_i,
  input  logic [AddrWidth-1:0]                                read_addr_i,
  output logic [Embeddings-1:0][SumsBits-1:0]                 sums_o
);
  localparam int unsigned FedBits = rsnn_pkg::EmbeddingBits + ActBits + 1;

  typedef logic [Embeddings-1:0][SumsBits-1:0] sums_t;
  typedef logic signed [rsnn_pkg::EmbeddingBits-1:0] embedding_t;
  typedef logic signed [rsnn_pkg::EmbeddingBits+1:0] triple_t;

  // ---- What is shared, registered: the word's place in either bank, its activation, the frame's embeddings.
  logic even1_q, even2_q, even3_q, first1_q, first2_q, first3_q, used_even1_q, used_odd1_q;
  logic [AddrWidth-1:0] even_addr1_q, odd_addr1_q;
  logic [ActBits-1:0] x1_q, x2_q;
  logic [2:0] feed_q;
  sums_t new3, even_old3, odd_old3, even_sums3, odd_sums3;

  always_ff @(posedge clk_i) begin
    {even3_q, even2_q, even1_q} <= {even2_q, even1_q, even_i};
    {first3_q, first2_q, first1_q} <= {first2_q, first1_q, feed_first_i};
    even_addr1_q <= even_i ? read_addr_i : feed_addr_i;
    odd_addr1_q <= even_i ? feed_addr_i : read_addr_i;
    used_even1_q <= even_i ? read_i : feed_i;
    used_odd1_q <= even_i ? feed_i : read_i;
    {x2_q, x1_q} <= {x1_q, x_i};
    feed_q <= rst_ni ? {feed_q[1:0], feed_i} : '0;
  end

  // ---- Products. An activation has few bits: shifts and adds, in LUTs, two bits of it at a time.
  function automatic logic signed [FedBits-1:0] product(embedding_t a, triple_t triple, logic [ActBits-1:0] x);
    logic signed [FedBits-1:0] term;
    product = '0;
    for (int unsigned b = 0; b < ActBits; b += 2) begin
      unique case (2'(x >> b))
        2'd1: term = FedBits'(a);
        2'd2: term = FedBits'(a) <<< 1;
        2'd3: term = FedBits'(triple);
        default: term = '0;
      endcase
      product += term <<< b;
    end
  endfunction

  for (genvar k = 0; k < int'(Embeddings); k++) begin : gen_k
    embedding_t embedding1_q, embedding2_q;
    triple_t triple2_q;
    logic signed [FedBits-1:0] fed3_q;
    logic [SumsBits-1:0] old3;
    logic unused_fed;
    assign unused_fed = ^fed3_q;
    always_ff @(posedge clk_i) begin
      {embedding2_q, embedding1_q} <= {embedding1_q, embedding_i[k]};
      triple2_q <= (triple_t'(embedding1_q) <<< 1) + triple_t'(embedding1_q);
      fed3_q <= product(embedding2_q, triple2_q, x2_q);
    end
    assign old3 = even3_q ? odd_old3[k] : even_old3[k];
    assign new3[k] = (first3_q ? '0 : old3) + SumsBits'(fed3_q);
  end

  // ---- The banks. A fed word is stored when the next layer may be on already: it carries its bank.
  if (SumsEven > 0) begin : gen_even
    localparam int unsigned Width = (SumsEven > 1) ? $clog2(SumsEven) : 1;
    rsnn_rmw #(.Width($bits(sums_t)), .Depth(SumsEven)) u_words (
      .clk_i, .rst_ni, .valid_i(used_even1_q), .addr_i(Width'(even_addr1_q)), .move_i(1'b1), .read_o(even_sums3),
      .old_o(even_old3), .write_i(feed_q[2] && !even3_q), .new_i(new3)
    );
  end else begin : gen_no_even
    assign even_sums3 = '0;
    assign even_old3 = '0;
  end
  if (SumsOdd > 0) begin : gen_odd
    localparam int unsigned Width = (SumsOdd > 1) ? $clog2(SumsOdd) : 1;
    rsnn_rmw #(.Width($bits(sums_t)), .Depth(SumsOdd)) u_words (
      .clk_i, .rst_ni, .valid_i(used_odd1_q), .addr_i(Width'(odd_addr1_q)), .move_i(1'b1), .read_o(odd_sums3),
      .old_o(odd_old3), .write_i(feed_q[2] && even3_q), .new_i(new3)
    );
  end else begin : gen_no_odd
    assign odd_sums3 = '0;
    assign odd_old3 = '0;
  end
  assign sums_o = even1_q ? even_sums3 : odd_sums3;

  logic unused;
  assign unused = ^{even_addr1_q, odd_addr1_q, used_even1_q, used_odd1_q};
endmodule
