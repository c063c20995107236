// The shop that the journeys read and write: one entity for each thing OData services do differently.

using { cuid, managed } from '@sap/cds/common';

namespace shop;

type Address {
  street : String(80);
  city   : String(60);
}

@assert.range
type Status : String(10) enum { open; paid; shipped; cancelled };

// Many rows, every primitive type, nested values, nulls, and a moment that each change sets.
entity Orders : managed {
  key ID        : Integer;
      @mandatory
      customer  : String(80) not null;
      @mandatory
      status    : Status not null;
      total     : Decimal(15, 2);
      // More digits than a double has.
      exact     : Decimal(34, 10);
      weight    : Double;
      gift      : Boolean;
      pieces    : Int64;
      rank      : UInt8;
      orderedOn : Date;
      pickupAt  : Time;
      shippedAt : DateTime;
      seenAt    : Timestamp;
      note      : LargeString;
      // Becomes two properties, delivery_street and delivery_city.
      delivery  : Address;
      // Stays a collection of a complex type.
      stops     : many Address;
      tags      : many String;
      // An open complex type.
      extra     : Map;
      items     : Composition of many OrderItems on items.order = $self;
}

// A key of two parts, one of them another entity's.
entity OrderItems {
  key order   : Association to Orders;
  key line    : Integer;
      product : String(60);
      amount  : Integer;
      price   : Decimal(9, 2);
}

// A generated key, and changes that must name the version they change.
entity Books : cuid, managed {
  @mandatory
  title : String(100) not null;
  stock : Integer;
}

annotate Books with {
  modifiedAt @odata.etag;
}

// A key of the caller's choosing, with whatever characters it likes.
entity Labels {
  key code  : String(60);
      text  : String(200);
}

// Bytes within the record and bytes beside it.
entity Documents {
  key ID       : UUID;
      name     : String(60);
      checksum : Binary(16);
      @Core.MediaType: 'application/octet-stream'
      content  : LargeBinary;
}

entity Currencies {
  key code   : String(3);
      name   : String(40);
      digits : Integer;
}
